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
#include "analysis/known_outputs.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "base/parallel.h"
#include "base/pending_files.h"
#include "base/process.h"
#include "base/version.h"
#include "engine/packed_model.h"
#include "engine/write_model.h"
#include "observers/registry.h"
#include "report/json_text.h"
#include "targets/wider.h"
#include "workflow/held_out.h"
#include "workflow/keep.h"
#include "workflow/lookup_tables.h"
#include "workflow/lstms.h"
#include "workflow/network_nodes.h"
#include "workflow/node_times.h"
#include "workflow/observe.h"
#include "workflow/range_notes.h"
#include "workflow/reference.h"
#include "workflow/refine_weights.h"
#include "workflow/report.h"
#include "workflow/run_files.h"
#include "workflow/sample_check.h"
#include "workflow/smooth.h"
#include "workflow/verdict.h"

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
  if (!plan.target->runs_here) {
    summary.reference = plan.target->name;
    summary.notes.push_back(reference_remark(plan.target->name));
  }
  if (!plan.prepared.kept_opset_because.empty()) {
    summary.notes.push_back(
        "quantized nodes are of com.microsoft: the operator set could not be raised (" +
        plan.prepared.kept_opset_because + ")");
  }
  return summary;
}

/// Makes a solution better before it is written.
using Refine = std::function<void(SolvedPlan& solution)>;

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

/// Everything that can be in integers. Its weights stay where a choice may follow.
Candidate solve_and_export(const Plan& plan, const statistics::StatisticsFile& statistics,
                           const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw,
                           Effort effort, const Refine& refine, report::Summary& summary) {
  Stopwatch watch;
  // Biases make up for what rounding does on average: they come after it.
  Candidate made{
      .plan = plan,
      .solution = solve_plan(plan, statistics, with_room(calibration, effort), show_raw)};
  if (refine) refine(made.solution);
  if (effort != Effort::kFast) {
    correct_biases(plan, statistics, made.solution);
    if (plan.target->runs_here) {
      quantize_tables(plan, made.solution);
      quantize_lstms(plan, made.solution);
    }
  }
  const std::string note = guard_note(made.solution.rows);
  const bool is_told = std::ranges::find(summary.notes, note) != summary.notes.end();
  if (!note.empty() && !is_told) summary.notes.push_back(note);
  summary.seconds.solve += watch.lap();
  made.model = export_candidate(made, summary.output);
  summary.seconds.export_ = watch.lap();
  summary.sample_count = statistics.sample_count();
  return made;
}

/// For quantize() and solve(). Empty where the target has no wider codes. What it refers to must
/// outlive it; `narrow` is copied, because who solves has given it away.
template <class Request>
SolveWide wide_solver(const WorkingPlan& working, const Request& request, const SolvedPlan& narrow,
                      const ShowRaw& show_raw) {
  if (targets::wider_target(*working.plan().target) == nullptr) return {};
  return [&working, &request, show_raw, narrow] {
    return solve_wide(working.plan(), request.plan, narrow, working.statistics(),
                      request.calibration, show_raw, request.effort);
  };
}

/// What the numbers of the model that is written tell.
void tell_solution(const Candidate& made, report::Summary& summary) {
  summary.raised_channel_count = 0;
  for (const auto& weight : made.solution.weights) {
    summary.raised_channel_count += weight.raised_channel_count;
  }
  summary.quantized_bytes = engine::whole_size(made.model);
  summary.tensors = made.solution.rows;
  summary.lookup_tables = table_rows(made.solution.tables);
  summary.lstms = lstm_rows(made.solution.lstms);
  summary.bias_corrections.clear();
  tell_corrections(made.solution.corrections, summary);
}

/// Found out on a thread of its own.
KernelLook look_at_kernels(const Plan& plan, const engine::ModelSource& quantized) {
  if (!plan.target->runs_here) return {};
  return std::async(std::launch::async, [&, heeded = Cancellation::current()] {
    const CancellationOf inherited(heeded);
    return analysis::check_fusion(quantized, plan.annotation);
  });
}

void tell_kernels(const analysis::FusionReport& fusion, const Plan& plan,
                  report::Summary& summary) {
  summary.integer_nodes = fusion.integer_nodes;
  summary.eligible_nodes = fusion.eligible_nodes;
  summary.float_nodes = float_rows(fusion.float_nodes);
  explain_float_nodes(summary);
  summary.nodes = network_nodes(plan, summary.float_nodes);
}

/// What is written, where nobody can look at kernels.
void tell_written(const Plan& plan, report::Summary& summary) {
  const auto& annotation = plan.annotation;
  summary.integer_nodes = annotation.weighted.size();
  summary.eligible_nodes = annotation.weighted.size() + annotation.left_float.size();
  summary.float_nodes = float_rows(annotation.left_float);
  explain_float_nodes(summary);
  summary.nodes = network_nodes(plan, summary.float_nodes);
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
  auto outputs = named({results.model, results.statistics, results.summary, results.report});
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

/// A decisions file is read if it is there, else written.
bool reads(const std::filesystem::path& decisions) {
  return !decisions.empty() && std::filesystem::exists(decisions);
}

/// Whether models are judged before the outputs of one are measured: with the float model itself.
bool judges_first(const ChoiceOptions& choice) {
  return choice.is_asked() && !reads(choice.decisions);
}

RunFiles files_of(const QuantizeRequest& request) {
  RunFiles files{.models = named({request.model.file}),
                 .data = inputs_of(request.samples, request.split),
                 .outputs = outputs_of(request.results)};
  if (!request.pass.checkpoint.file.empty()) files.outputs.push_back(request.pass.checkpoint.file);
  const auto& decisions = request.choice.decisions;
  if (!decisions.empty()) (reads(decisions) ? files.others : files.outputs).push_back(decisions);
  return files;
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

report::Circumstances circumstances_of(const QuantizeRequest& request,
                                       const targets::Target& target) {
  return {.command = request.command,
          .available_samples = request.samples.list ? request.samples.list->size() : 0,
          .declined_held_out = !request.split.held_out && request.split.most_held_out == 0,
          .has_aim = request.choice.min_sqnr || request.choice.metric || !can_choose(target),
          .is_fastest = request.choice.fastest || !target.runs_here};
}

/// Which kernels there are, and the error on held-out samples.
KernelLook verify(const Candidate& made, Samples& samples, const QuantizeRequest& request,
                  analysis::KnownOutputs& known, report::Summary& summary) {
  // While the float model is opened, it is seen what becomes of the other; on one core before that.
  auto fusion = look_at_kernels(made.plan, made.model);
  if (request.run.jobs == 1 && fusion.valid()) fusion.wait();
  measure_outputs(made.plan, *samples.held_out(), joining_samples(request.samples, samples),
                  request.run, made.model, fusion, known, summary);
  if (fusion.valid()) {
    tell_kernels(fusion.get(), made.plan, summary);
  } else {
    tell_written(made.plan, summary);
  }
  return fusion;
}

/// Takes over what was chosen, and tells of it.
void take_choice(Choice choice, Candidate& made, Quantized& result) {
  report::Summary& summary = result.summary;
  made = std::move(choice.chosen);
  summary.choice = std::move(choice.row);
  summary.decisions = choice.decisions.parts;
  summary.notes.insert(summary.notes.end(), choice.notes.begin(), choice.notes.end());
  if (choice.is_new) result.decisions = std::move(choice.decisions);
}

void choose_as_asked(Candidate& made, Samples& samples, const QuantizeRequest& request,
                     const SolveWide& solve_wide, analysis::KnownOutputs& known,
                     Quantized& result) {
  const auto& file = request.choice.decisions;
  Choice choice;
  if (reads(file)) {
    choice = follow_decisions(made, file, result.summary.output, solve_wide);
    if (request.choice.min_sqnr || request.choice.metric || request.choice.fastest) {
      choice.notes.push_back(
          "the decisions file was followed, and nothing else that was asked for "
          "chose what stays float; without the file, it is chosen anew");
    }
  } else {
    choice = choose(std::move(made), samples, completed(request.choice, request.effort),
                    request.run, result.summary.output, solve_wide, &known);
  }
  take_choice(std::move(choice), made, result);
}

/// Makes the model again with weights rounded by what they do to outputs.
using RoundWeights = std::function<Candidate()>;

/// Verifies the model. Where nothing was asked for and an output is worse than tasks can bear,
/// weights are rounded first by what they do to outputs (`round`, unless they are, or nothing may),
/// and if that is not enough, it is chosen what is to be float. Then the verdict.
void finish(Candidate& made, const RoundWeights& round, const ObservedBoth& seen, Samples& samples,
            const QuantizeRequest& request, analysis::KnownOutputs& known, Quantized& result) {
  report::Summary& summary = result.summary;
  const bool times_nodes = request.node_times || !request.results.report.empty();
  // What the kernels are is kept as long as somebody asks, for it holds a model.
  KernelLook fusion;
  const auto verified = [&] {
    fusion = {};
    Stopwatch watch;
    tell_solution(made, summary);
    keep_quantized(made.model, request.run);
    return_free_memory();
    auto found = verify(made, samples, request, known, summary);
    if (times_nodes) fusion = std::move(found);
    return_free_memory();  // Of sessions that another thread opened.
    summary.seconds.verify = watch.lap();
  };
  verified();
  const bool is_free =
      !request.choice.is_asked() && request.effort != Effort::kFast && made.plan.target->runs_here;
  if (is_free && round && is_choice_due(summary)) {
    made = round();
    verified();
  }
  if (is_free && is_choice_due(summary)) {
    Stopwatch watch;
    take_choice(choose(std::move(made), samples, {.min_sqnr = kDefaultAim}, request.run,
                       summary.output, {}, &known),
                made, result);
    summary.seconds.choose = watch.lap();
    verified();
  }
  Stopwatch watch;
  if (fusion.valid()) {
    measure_node_times(made.plan, made.model, fusion.get().optimized, *samples.held_out(), summary);
  }
  give_verdict(made.plan, made.model, seen, *samples.held_out(), request.run,
               circumstances_of(request, *made.plan.target), summary);
  summary.seconds.verify += watch.lap();
  result.model = std::move(made.model);
  summary.peak_memory_bytes = peak_memory_bytes();
}

/// What the float model gives on samples that judge is computed once, for all who ask: here, where
/// nobody judges with the model itself before it is held against that.
ObservedBoth observe_for(const QuantizeRequest& request, const Plan& plan, const RowAxes& rows,
                         Samples& samples, analysis::KnownOutputs& known) {
  const bool with_sums = request.effort != Effort::kFast;
  const bool borrows = !judges_first(request.choice) && can_borrow_outputs(plan, request.run);
  return observe_both(plan, samples,
                      with_sums ? plan.observed_with_sums(rows) : plan.observed(rows), request.run,
                      request.pass, borrows ? &known : nullptr);
}

}  // namespace

Quantized quantize(const QuantizeRequest& request) {
  const Cancellation heeded(request.run.cancelled);
  require_valid(request.choice);
  require_choice(request.choice, request.plan.target_or_default());
  if (request.pass.is_first()) prepare_outputs(files_of(request), request.run);
  const CoreLimit cores(static_cast<size_t>(std::max(0, request.run.jobs)));
  Stopwatch watch;
  const auto samples = split_samples(request.samples, request.split);
  if (request.require_sqnr) {
    require_measurable(*request.require_sqnr, request.samples, request.split, *samples);
  }
  const Plan plan = make_plan(request.model, request.plan);
  keep_plan(plan, request.run);
  const RowAxes rows = rows_of(plan, request.calibration);
  require_repeatable(plan, *samples, request.calibration);
  Quantized result;
  report::Summary& summary = result.summary;
  summary = start_summary(plan, request.results.model, request.calibration, request.effort);
  summary.seconds.prepare = watch.lap();
  analysis::KnownOutputs known;
  ObservedBoth seen = observe_for(request, plan, rows, *samples, known);
  require_some(seen.statistics, request.split);
  if (!request.pass.is_first()) return {.statistics = std::move(seen.statistics)};
  summary.seconds.observe = watch.lap();
  return_free_memory();
  const WorkingPlan working(plan, request.plan, seen.statistics, request.calibration,
                            request.effort, summary);
  seen.held_out_scaled = working.scaled(seen.held_out_spreads);
  const auto show_raw = [&](const auto& tensors, const passes::RawVisitor& visitor) {
    workflow::show_raw(working.plan(), *samples, tensors, visitor, request.run);
  };
  const auto refine = [&](SolvedPlan& solution) {
    summary.notes.push_back(refinement_note(refine_weights(
        working.plan(), *samples, request.run, solution, rounding_effort(request.effort))));
  };
  const auto make = [&](const Refine& with) {
    return solve_and_export(working.plan(), working.statistics(), request.calibration, show_raw,
                            request.effort, with, summary);
  };
  const bool rounds_first = rounds_at_once(request.effort, plan);
  Candidate made = make(rounds_first ? Refine(refine) : Refine());
  watch.lap();
  if (request.choice.is_asked()) {
    const SolveWide wide = wide_solver(working, request, made.solution, show_raw);
    choose_as_asked(made, *samples, request, wide, known, result);
  }
  summary.seconds.choose = request.choice.is_asked() ? watch.lap() : 0;
  RoundWeights round;
  if (!rounds_first && samples->can_repeat()) round = [&] { return make(refine); };
  finish(made, round, seen, *samples, request, known, result);
  result.statistics = std::move(seen.statistics);
  stop_if_cancelled();
  if (request.require_sqnr) require_sqnr(summary, *request.require_sqnr);
  write_results(result, request.results, request.choice.decisions);
  remove_checkpoint(request.pass);
  return result;
}

statistics::StatisticsFile observe(const ObserveRequest& request) {
  const Cancellation heeded(request.run.cancelled);
  if (request.pass.is_first()) {
    prepare_outputs({.models = named({request.model.file}),
                     .data = inputs_of(request.samples, request.split),
                     .outputs = named({request.output, request.pass.checkpoint.file})},
                    request.run);
  }
  const CoreLimit cores(static_cast<size_t>(std::max(0, request.run.jobs)));
  const auto samples = split_samples(request.samples, request.split);
  const Plan plan = make_plan(request.model, request.plan);
  keep_plan(plan, request.run);
  const RowAxes rows = rows_of(plan, request.rows, request.row_axis);
  auto statistics =
      observe(plan, *samples, plan.observed_with_sums(rows), request.run, request.pass);
  require_some(statistics, request.split);
  stop_if_cancelled();
  if (!request.output.empty() && request.pass.is_first()) {
    statistics::write_statistics(request.output, statistics);
  }
  remove_checkpoint(request.pass);
  return statistics;
}

Quantized solve(SolveRequest request) {
  if (request.effort == Effort::kThorough) {
    throw std::invalid_argument(
        "the effort 'thorough' rounds weights by samples, which statistics do not hold: allowed "
        "are "
        "fast, normal; 'quantize' takes all three");
  }
  const Cancellation heeded(request.run.cancelled);
  require_choice({.decisions = request.decisions}, request.plan.target_or_default());
  prepare_outputs({.models = named({request.model.file}),
                   .others = named({request.statistics_file, request.decisions}),
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
  const WorkingPlan working(plan, request.plan, request.statistics, request.calibration,
                            request.effort, summary);
  Candidate made = solve_and_export(working.plan(), working.statistics(), request.calibration, {},
                                    request.effort, {}, summary);
  if (!request.decisions.empty()) {
    const SolveWide wide = wide_solver(working, request, made.solution, {});
    take_choice(follow_decisions(made, request.decisions, summary.output, wide), made, result);
  }
  tell_solution(made, summary);
  result.model = made.model;
  keep_quantized(result.model, request.run);
  watch.lap();
  if (plan.target->runs_here) {
    tell_kernels(analysis::check_fusion(result.model, made.plan.annotation), made.plan, summary);
  } else {
    tell_written(made.plan, summary);
  }
  summary.verdict.reasons.push_back("nothing was run: 'compare' tells how good it is");
  summary.seconds.verify = watch.lap();
  summary.peak_memory_bytes = peak_memory_bytes();
  stop_if_cancelled();
  result.statistics = std::move(request.statistics);  // For pages.
  write_results(result, request.results);
  return result;
}

void write_results(const Quantized& quantized, const ResultFiles& files,
                   const std::filesystem::path& decisions) {
  PendingFiles results;
  if (!files.statistics.empty()) {
    results.add(files.statistics, statistics::serialize(quantized.statistics));
  }
  if (!files.model.empty()) engine::add_model(results, files.model, quantized.model);
  if (!files.summary.empty()) {
    results.add(files.summary, report::json_text(report::to_json(quantized.summary)));
  }
  if (!files.report.empty()) results.add(files.report, report_page(quantized));
  if (!decisions.empty() && quantized.decisions) {
    results.add(decisions, decisions_text(*quantized.decisions));
  }
  results.commit();
}

}  // namespace rangefinder::workflow
