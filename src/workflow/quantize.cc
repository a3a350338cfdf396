#include "workflow/quantize.h"

#include "analysis/fusion_check.h"
#include "base/file.h"
#include "base/process.h"
#include "base/version.h"
#include "graph/model_file.h"
#include "workflow/compare.h"
#include "workflow/observe.h"

namespace rangefinder::workflow {
namespace {

engine::ObserveOptions observe_options(const RunOptions& run) {
  engine::ObserveOptions options{.jobs = run.jobs, .nonfinite = run.nonfinite};
  if (run.progress) {
    options.progress = [&run](size_t done, size_t total) { run.progress("observe", done, total); };
  }
  options.cancelled = run.cancelled;
  return options;
}

report::Summary start_summary(const Plan& plan, const std::filesystem::path& output,
                              const Calibration& calibration) {
  report::Summary summary;
  summary.model = plan.path.string();
  summary.output = output.string();
  summary.method = calibration.method;
  summary.target = plan.target->name;
  summary.version = kVersion;
  summary.float_bytes = plan.prepared.size;
  if (!plan.prepared.kept_opset_because.empty()) {
    summary.notes.push_back(
        "quantized nodes are of com.microsoft: the operator set could not be raised (" +
        plan.prepared.kept_opset_because + ")");
  }
  return summary;
}

/// Solves and writes; fills in what that tells.
std::string solve_and_write(const Plan& plan, const statistics::StatisticsFile& statistics,
                            const Calibration& calibration, report::Summary& summary) {
  Stopwatch watch;
  Solution solution = solve(plan, statistics, calibration);
  summary.seconds.solve = watch.lap();
  std::string bytes = graph::serialize(export_model(plan, solution));
  write_file(summary.output, bytes);
  summary.seconds.export_ = watch.lap();
  summary.sample_count = statistics.sample_count();
  summary.quantized_bytes = bytes.size();
  summary.tensors = std::move(solution.rows);
  for (const auto& weight : solution.weights) {
    summary.raised_channel_count += weight.raised_channel_count;
  }
  return bytes;
}

void check_kernels(const Plan& plan, const std::string& quantized, report::Summary& summary) {
  const auto fusion =
      analysis::check_fusion(engine::ModelSource(quantized, summary.output), plan.annotation);
  summary.integer_nodes = fusion.integer_nodes;
  summary.eligible_nodes = fusion.eligible_nodes;
  for (const auto& node : fusion.float_nodes) {
    summary.float_nodes.push_back({node.name, node.op_type, node.reason});
  }
}

}  // namespace

report::Summary quantize(const QuantizeRequest& request) {
  Stopwatch watch;
  const Samples samples = open_samples(request.data);
  const Plan plan = make_plan(request.model, *request.target);
  report::Summary summary = start_summary(plan, request.output, request.calibration);
  summary.seconds.prepare = watch.lap();
  const auto statistics = observe(plan, samples, observe_options(request.run));
  if (request.statistics) statistics::write_statistics(*request.statistics, statistics);
  summary.seconds.observe = watch.lap();
  const std::string quantized = solve_and_write(plan, statistics, request.calibration, summary);
  watch.lap();
  check_kernels(plan, quantized, summary);
  summary.held_out_count = samples.held_out->size();
  if (summary.held_out_count > 0) {
    summary.outputs =
        compare_outputs(request.model, request.output, *samples.held_out, request.run);
  } else {
    summary.notes.push_back("no sample was left to measure the error on");
  }
  summary.seconds.verify = watch.lap();
  summary.peak_memory_bytes = peak_memory_bytes();
  return summary;
}

size_t observe_to_file(const ObserveRequest& request) {
  const Samples samples = open_samples(request.data);
  const Plan plan = make_plan(request.model, *request.target);
  const auto statistics = observe(plan, samples, observe_options(request.run));
  statistics::write_statistics(request.output, statistics);
  return samples.calibration->size();
}

report::Summary solve_from_file(const SolveRequest& request) {
  Stopwatch watch;
  const auto statistics = statistics::read_statistics(request.statistics);
  const Plan plan = make_plan(request.model, *request.target);
  require_match(plan, statistics, request.statistics.string());
  report::Summary summary = start_summary(plan, request.output, request.calibration);
  summary.seconds.prepare = watch.lap();
  const std::string quantized = solve_and_write(plan, statistics, request.calibration, summary);
  watch.lap();
  check_kernels(plan, quantized, summary);
  summary.seconds.verify = watch.lap();
  summary.peak_memory_bytes = peak_memory_bytes();
  return summary;
}

}  // namespace rangefinder::workflow
