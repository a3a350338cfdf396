#include "workflow/quantize.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/fusion_check.h"
#include "base/file.h"
#include "base/process.h"
#include "base/version.h"
#include "graph/model_file.h"
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

/// Several files that appear together, once all of them are on disk.
class Outputs {
 public:
  void add(const std::filesystem::path& path, std::string_view bytes) {
    files_.push_back(std::make_unique<PendingFile>(path));
    files_.back()->write(bytes);
  }
  void commit() {
    for (const auto& file : files_) file->commit();
  }

 private:
  std::vector<std::unique_ptr<PendingFile>> files_;
};

std::string summary_text(const report::Summary& summary) {
  return report::to_json(summary).dump(2) + "\n";
}

}  // namespace

report::Summary quantize(const QuantizeRequest& request) {
  require_writable(request.output);
  if (request.statistics) require_writable(*request.statistics);
  if (request.summary) require_writable(*request.summary);
  Stopwatch watch;
  const Samples samples = open_samples(request.data);
  const Plan plan = make_plan(request.model, *request.target);
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
  summary.peak_memory_bytes = peak_memory_bytes();
  Outputs outputs;
  if (request.statistics) outputs.add(*request.statistics, statistics::serialize(statistics));
  outputs.add(request.output, quantized.bytes);
  if (request.summary) outputs.add(*request.summary, summary_text(summary));
  outputs.commit();
  return summary;
}

size_t observe_to_file(const ObserveRequest& request) {
  require_writable(request.output);
  const Samples samples = open_samples(request.data);
  const Plan plan = make_plan(request.model, *request.target);
  const auto statistics =
      observe(plan, samples, rows_of(plan, request.rows, request.row_axis), request.run);
  statistics::write_statistics(request.output, statistics);
  return samples.calibration->size();
}

report::Summary solve_from_file(const SolveRequest& request) {
  require_writable(request.output);
  if (request.summary) require_writable(*request.summary);
  Stopwatch watch;
  const auto statistics = statistics::read_statistics(request.statistics);
  const Plan plan = make_plan(request.model, *request.target);
  require_match(plan, statistics, request.statistics.string());
  report::Summary summary = start_summary(plan, request.output, request.calibration);
  summary.seconds.prepare = watch.lap();
  const engine::ModelSource quantized(
      solve_and_export(plan, statistics, request.calibration, {}, summary), request.output);
  watch.lap();
  check_kernels(plan, quantized, summary);
  summary.seconds.verify = watch.lap();
  summary.peak_memory_bytes = peak_memory_bytes();
  Outputs outputs;
  outputs.add(request.output, quantized.bytes);
  if (request.summary) outputs.add(*request.summary, summary_text(summary));
  outputs.commit();
  return summary;
}

}  // namespace rangefinder::workflow
