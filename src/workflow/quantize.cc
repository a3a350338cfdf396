#include "workflow/quantize.h"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/fusion_check.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/process.h"
#include "base/version.h"
#include "graph/model_file.h"
#include "report/json_text.h"
#include "workflow/compare.h"
#include "workflow/observe.h"

namespace rangefinder::workflow {
namespace {

report::Summary start_summary(const Plan& plan, const std::filesystem::path& output,
                              const passes::RuntimeCalibration& calibration) {
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

/// The bytes of the quantized model; fills in what that tells.
std::string solve_and_export(const Plan& plan, const statistics::StatisticsFile& statistics,
                             const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw,
                             report::Summary& summary) {
  Stopwatch watch;
  Solution solution = solve(plan, statistics, calibration, show_raw);
  summary.seconds.solve = watch.lap();
  std::string bytes = graph::serialize(export_model(plan, solution));
  summary.seconds.export_ = watch.lap();
  summary.sample_count = statistics.sample_count();
  summary.quantized_bytes = bytes.size();
  summary.tensors = std::move(solution.rows);
  for (const auto& weight : solution.weights) {
    summary.raised_channel_count += weight.raised_channel_count;
  }
  return bytes;
}

void check_kernels(const Plan& plan, const engine::ModelSource& quantized,
                   report::Summary& summary) {
  const auto fusion = analysis::check_fusion(quantized, plan.annotation);
  summary.integer_nodes = fusion.integer_nodes;
  summary.eligible_nodes = fusion.eligible_nodes;
  for (const auto& node : fusion.float_nodes) {
    summary.float_nodes.push_back({node.name, node.op_type, node.reason});
  }
}

void measure_outputs(const Samples& samples, const QuantizeRequest& request,
                     const engine::ModelSource& quantized, report::Summary& summary) {
  summary.held_out_count = samples.held_out->size();
  if (summary.held_out_count == 0) {
    summary.notes.push_back("no sample was left to measure the error on");
    return;
  }
  summary.outputs = compare_outputs(engine::ModelSource(request.model), quantized,
                                    *samples.held_out, request.run);
}

/// Places for results: writable, each its own, and none of them a file that the run was given.
void require_outputs(const std::vector<std::filesystem::path>& outputs,
                     const std::vector<std::filesystem::path>& inputs) {
  std::vector<std::filesystem::path> taken;
  const auto whole = [](const std::filesystem::path& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path));
  };
  for (const auto& input : inputs) taken.push_back(whole(input));
  for (const auto& output : outputs) {
    require_writable(output);
    taken.push_back(whole(output));
    if (std::find(taken.begin(), taken.end() - 1, taken.back()) != taken.end() - 1) {
      throw Error("is read or written by this run already; a result needs a name of its own",
                  {.file = output.string()});
    }
  }
}

/// The last chance to leave everything as it was.
void stop_if_cancelled(const std::atomic<bool>* cancelled) {
  if (cancelled != nullptr && *cancelled) throw Error("interrupted");
}

/// Writes the model and its summary, and what is pending already: all of it or nothing.
void write_results(PendingFiles& results, const engine::ModelSource& quantized,
                   const std::optional<std::filesystem::path>& summary_file,
                   report::Summary& summary, const std::atomic<bool>* cancelled) {
  summary.peak_memory_bytes = peak_memory_bytes();
  stop_if_cancelled(cancelled);
  results.add(quantized.file, quantized.bytes);
  if (summary_file) results.add(*summary_file, report::json_text(report::to_json(summary)));
  results.commit();
}

std::vector<std::filesystem::path> with(std::vector<std::filesystem::path> paths,
                                        const std::filesystem::path& one_more) {
  paths.push_back(one_more);
  return paths;
}

}  // namespace

report::Summary quantize(const QuantizeRequest& request) {
  std::vector<std::filesystem::path> outputs = {request.output};
  if (request.statistics) outputs.push_back(*request.statistics);
  if (request.summary) outputs.push_back(*request.summary);
  require_outputs(outputs, with(request.data.paths, request.model));
  const CoreLimit cores(static_cast<size_t>(std::max(0, request.run.jobs)));
  Stopwatch watch;
  const Samples samples = open_samples(request.data);
  const Plan plan = make_plan(request.model, request.plan);
  report::Summary summary = start_summary(plan, request.output, request.calibration);
  summary.seconds.prepare = watch.lap();
  const auto statistics = observe(plan, samples, rows_of(plan, request.calibration), request.run);
  summary.seconds.observe = watch.lap();
  const auto show_raw = [&](const auto& tensors, const passes::RawVisitor& visitor) {
    workflow::show_raw(plan, samples, tensors, visitor, request.run);
  };
  const engine::ModelSource quantized(
      solve_and_export(plan, statistics, request.calibration, show_raw, summary), request.output);
  watch.lap();
  check_kernels(plan, quantized, summary);
  measure_outputs(samples, request, quantized, summary);
  summary.seconds.verify = watch.lap();
  PendingFiles results;
  if (request.statistics) results.add(*request.statistics, statistics::serialize(statistics));
  write_results(results, quantized, request.summary, summary, request.run.cancelled);
  return summary;
}

size_t observe_to_file(const ObserveRequest& request) {
  require_outputs({request.output}, with(request.data.paths, request.model));
  const Samples samples = open_samples(request.data);
  const Plan plan = make_plan(request.model, request.plan);
  const auto statistics =
      observe(plan, samples, rows_of(plan, request.rows, request.row_axis), request.run);
  stop_if_cancelled(request.run.cancelled);
  statistics::write_statistics(request.output, statistics);
  return samples.calibration->size();
}

report::Summary solve_from_file(const SolveRequest& request) {
  std::vector<std::filesystem::path> outputs = {request.output};
  if (request.summary) outputs.push_back(*request.summary);
  require_outputs(outputs, {request.model, request.statistics});
  Stopwatch watch;
  const auto statistics = statistics::read_statistics(request.statistics);
  const Plan plan = make_plan(request.model, request.plan);
  require_match(plan, statistics, request.statistics.string());
  report::Summary summary = start_summary(plan, request.output, request.calibration);
  summary.seconds.prepare = watch.lap();
  const engine::ModelSource quantized(
      solve_and_export(plan, statistics, request.calibration, {}, summary), request.output);
  watch.lap();
  check_kernels(plan, quantized, summary);
  summary.seconds.verify = watch.lap();
  PendingFiles results;
  write_results(results, quantized, request.summary, summary, request.cancelled);
  return summary;
}

}  // namespace rangefinder::workflow
