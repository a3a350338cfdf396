#include "workflow/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <future>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "analysis/fusion_check.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "base/parallel.h"
#include "base/pending_files.h"
#include "base/process.h"
#include "base/version.h"
#include "engine/packed_model.h"
#include "engine/session.h"
#include "engine/write_model.h"
#include "observers/registry.h"
#include "report/json_text.h"
#include "workflow/compare.h"
#include "workflow/keep.h"
#include "workflow/lookup_tables.h"
#include "workflow/lstms.h"
#include "workflow/observe.h"
#include "workflow/range_notes.h"
#include "workflow/refine_weights.h"
#include "workflow/run_files.h"
#include "workflow/sample_check.h"

namespace rangefinder::workflow {
namespace {

report::Summary start_summary(const Plan& plan, const std::filesystem::path& output,
                              const passes::RuntimeCalibration& calibration, Effort effort) {
  report::Summary summary;
  summary.model = plan.source.name();
  summary.output = output.string();
  summary.method = calibration.method;
  summary.effort = name_of(effort);
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

/// Makes a solution better before it is written.
using Refine = std::function<void(Solution& solution)>;

void tell_corrections(const std::vector<refine::BiasCorrection>& corrections,
                      report::Summary& summary) {
  for (const auto& correction : corrections) {
    summary.bias_corrections.push_back({.node = correction.node,
                                        .channel_count = correction.channel_count,
                                        .corrected_count = correction.corrected_count,
                                        .share = correction.share,
                                        .reason = correction.obstacle});
  }
}

/// The quantized model, which needs no other files; fills in what that tells.
engine::ModelSource solve_and_export(const Plan& plan, const statistics::StatisticsFile& statistics,
                                     const passes::RuntimeCalibration& calibration,
                                     const ShowRaw& show_raw, Effort effort, const Refine& refine,
                                     report::Summary& summary) {
  Stopwatch watch;
  // Biases make up for what rounding does on average: they come after it.
  Solution solution = solve(plan, statistics, calibration, show_raw);
  if (refine) refine(solution);
  if (effort != Effort::kFast) {
    correct_biases(plan, statistics, solution);
    quantize_tables(plan, solution);
    quantize_lstms(plan, solution);
  }
  summary.lookup_tables = table_rows(solution.tables);
  summary.lstms = lstm_rows(solution.lstms);
  summary.seconds.solve = watch.lap();
  onnx::ModelProto model = export_model(plan, solution);
  for (const auto& weight : solution.weights) {
    summary.raised_channel_count += weight.raised_channel_count;
  }
  solution.weights.clear();  // The model holds them now.
  engine::ModelSource packed = engine::pack_whole_model(std::move(model), summary.output);
  summary.quantized_bytes = engine::whole_size(packed);
  summary.seconds.export_ = watch.lap();
  summary.sample_count = statistics.sample_count();
  summary.tensors = std::move(solution.rows);
  const std::string note = guard_note(summary.tensors);
  if (!note.empty()) summary.notes.push_back(note);
  tell_corrections(solution.corrections, summary);
  return packed;
}

/// Which kernels ONNX Runtime makes of the quantized model, found out on a thread of its own.
std::shared_future<analysis::FusionReport> look_at_kernels(const Plan& plan,
                                                           const engine::ModelSource& quantized) {
  return std::async(std::launch::async, [&, heeded = Cancellation::current()] {
    const CancellationOf inherited(heeded);
    return analysis::check_fusion(quantized, plan.annotation);
  });
}

void tell_kernels(const analysis::FusionReport& fusion, report::Summary& summary) {
  summary.integer_nodes = fusion.integer_nodes;
  summary.eligible_nodes = fusion.eligible_nodes;
  for (const auto& node : fusion.float_nodes) {
    summary.float_nodes.push_back({node.name, node.op_type, node.reason});
  }
}

/// The model is not optimized anew where what came of that can be run as it is.
engine::Session open_optimized(const analysis::FusionReport& fusion,
                               const engine::ModelSource& quantized) {
  try {
    return engine::Session(fusion.optimized, {.optimization = engine::OptimizationLevel::kNone});
  } catch (const Error&) {
    return engine::Session(quantized);
  }
}

/// The error on held-out samples. The model is there already: what cannot be measured is said, and
/// only a user who interrupts stops it.
void measure_outputs(const Plan& plan, const data::SampleSource& held_out, const RunControl& run,
                     const engine::ModelSource& quantized,
                     const std::shared_future<analysis::FusionReport>& fusion,
                     report::Summary& summary) {
  summary.held_out_count = held_out.size();
  if (summary.held_out_count == 0) {
    summary.notes.push_back("no sample was left to measure the error on");
    return;
  }
  try {
    OutputErrors errors = compare_outputs(plan.source, quantized, held_out, run,
                                          check_observed(plan), BadSamples::kLeaveOut,
                                          [&] { return open_optimized(fusion.get(), quantized); });
    summary.outputs = std::move(errors.outputs);
    summary.left_out = std::move(errors.left_out);
  } catch (const std::exception& error) {
    if (run.cancelled != nullptr && *run.cancelled) throw;
    summary.notes.push_back(fmt::format("the error could not be measured: {}", error.what()));
  }
}

std::vector<std::filesystem::path> named(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> found;
  for (const auto& path : paths) {
    if (!path.empty()) found.push_back(path);
  }
  return found;
}

/// A large model's weights go beside it: what lies there must not be what is read.
std::vector<std::filesystem::path> outputs_of(const ResultFiles& results) {
  auto outputs = named({results.model, results.statistics, results.summary});
  const auto weights = engine::weights_beside(results.model);
  if (!results.model.empty() && std::filesystem::exists(weights)) outputs.push_back(weights);
  return outputs;
}

std::vector<std::filesystem::path> inputs_of(const SampleInput& samples,
                                             const SplitOptions& split) {
  std::vector<std::filesystem::path> paths = samples.paths;
  if (!split.held_out) return paths;
  paths.insert(paths.end(), split.held_out->paths.begin(), split.held_out->paths.end());
  return paths;
}

void require_some(const statistics::StatisticsFile& statistics, const SplitOptions& split) {
  if (statistics.sample_count() == 0 && split.shard == data::Shard{}) {
    throw Error("there are no samples; calibration needs at least one");
  }
}

/// Before hours of work: a method that wants the data twice needs data that come twice.
void require_repeatable(const Plan& plan, const Samples& samples,
                        const passes::RuntimeCalibration& calibration) {
  if (samples.can_repeat()) return;
  for (const auto& name : plan.annotation.observed()) {
    const auto& config = plan.target->activation;
    const std::string method = calibration.method_of(name, config);
    if (observers::registry().create(method, config, calibration.options)->needs().is_one_pass()) {
      continue;
    }
    throw std::invalid_argument(
        fmt::format("the method '{}' must see the data more than once, and these samples pass by "
                    "only once",
                    method));
  }
}

}  // namespace

Quantized quantize(const QuantizeRequest& request) {
  const Cancellation heeded(request.run.cancelled);
  prepare_outputs({.models = named({request.model.file}),
                   .data = inputs_of(request.samples, request.split),
                   .outputs = outputs_of(request.results)},
                  request.run);
  const CoreLimit cores(static_cast<size_t>(std::max(0, request.run.jobs)));
  Stopwatch watch;
  const auto samples = split_samples(request.samples, request.split);
  const Plan plan = make_plan(request.model, request.plan);
  keep_plan(plan, request.run);
  const RowAxes rows = rows_of(plan, request.calibration);
  require_repeatable(plan, *samples, request.calibration);
  Quantized result;
  report::Summary& summary = result.summary;
  summary = start_summary(plan, request.results.model, request.calibration, request.effort);
  summary.seconds.prepare = watch.lap();
  const bool with_sums = request.effort != Effort::kFast;
  result.statistics = observe(
      plan, *samples, with_sums ? plan.observed_with_sums(rows) : plan.observed(rows), request.run);
  require_some(result.statistics, request.split);
  summary.seconds.observe = watch.lap();
  return_free_memory();
  const auto show_raw = [&](const auto& tensors, const passes::RawVisitor& visitor) {
    workflow::show_raw(plan, *samples, tensors, visitor, request.run);
  };
  const auto refine = [&](Solution& solution) {
    if (request.effort != Effort::kThorough) return;
    summary.notes.push_back(refinement_note(refine_weights(plan, *samples, request.run, solution)));
  };
  result.model = solve_and_export(plan, result.statistics, request.calibration, show_raw,
                                  request.effort, refine, summary);
  keep_quantized(result.model, request.run);
  return_free_memory();
  watch.lap();
  // While the float model is opened, it is seen what becomes of the other; on one core before that.
  const auto fusion = look_at_kernels(plan, result.model);
  if (request.run.jobs == 1) fusion.wait();
  measure_outputs(plan, *samples->held_out(), request.run, result.model, fusion, summary);
  tell_kernels(fusion.get(), summary);
  summary.seconds.verify = watch.lap();
  summary.peak_memory_bytes = peak_memory_bytes();
  stop_if_cancelled();
  write_results(result, request.results);
  return result;
}

statistics::StatisticsFile observe(const ObserveRequest& request) {
  const Cancellation heeded(request.run.cancelled);
  prepare_outputs({.models = named({request.model.file}),
                   .data = inputs_of(request.samples, request.split),
                   .outputs = named({request.output})},
                  request.run);
  const CoreLimit cores(static_cast<size_t>(std::max(0, request.run.jobs)));
  const auto samples = split_samples(request.samples, request.split);
  const Plan plan = make_plan(request.model, request.plan);
  keep_plan(plan, request.run);
  const RowAxes rows = rows_of(plan, request.rows, request.row_axis);
  auto statistics = observe(plan, *samples, plan.observed_with_sums(rows), request.run);
  require_some(statistics, request.split);
  stop_if_cancelled();
  if (!request.output.empty()) statistics::write_statistics(request.output, statistics);
  return statistics;
}

Quantized solve(const SolveRequest& request) {
  if (request.effort == Effort::kThorough) {
    throw std::invalid_argument(
        "the effort 'thorough' rounds weights by samples, which statistics do not hold: allowed "
        "are "
        "fast, normal; 'quantize' takes all three");
  }
  const Cancellation heeded(request.run.cancelled);
  prepare_outputs({.models = named({request.model.file}),
                   .others = named({request.statistics_file}),
                   .outputs = outputs_of(request.results)},
                  request.run);
  Stopwatch watch;
  const Plan plan = make_plan(request.model, request.plan);
  keep_plan(plan, request.run);
  require_match(plan, request.statistics, request.statistics_file.string());
  Quantized result;
  report::Summary& summary = result.summary;
  summary = start_summary(plan, request.results.model, request.calibration, request.effort);
  summary.seconds.prepare = watch.lap();
  result.model = solve_and_export(plan, request.statistics, request.calibration, {}, request.effort,
                                  {}, summary);
  keep_quantized(result.model, request.run);
  watch.lap();
  tell_kernels(analysis::check_fusion(result.model, plan.annotation), summary);
  summary.seconds.verify = watch.lap();
  summary.peak_memory_bytes = peak_memory_bytes();
  stop_if_cancelled();
  write_results(result, request.results);
  return result;
}

void write_results(const Quantized& quantized, const ResultFiles& files) {
  PendingFiles results;
  if (!files.statistics.empty()) {
    results.add(files.statistics, statistics::serialize(quantized.statistics));
  }
  if (!files.model.empty()) engine::add_model(results, files.model, quantized.model);
  if (!files.summary.empty()) {
    results.add(files.summary, report::json_text(report::to_json(quantized.summary)));
  }
  results.commit();
}

}  // namespace rangefinder::workflow
