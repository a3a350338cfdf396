#include "workflow/held_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/judged.h"
#include "analysis/reveal.h"
#include "analysis/sections.h"
#include "analysis/tensor_error.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "engine/latency.h"
#include "engine/packed_model.h"
#include "engine/session.h"
#include "workflow/compare.h"
#include "workflow/reference.h"
#include "workflow/sample_check.h"
#include "workflow/widen.h"

// Where every output is judged at itself, both models run as a user has them: the float one as it
// was given, the other as it was optimized already to see its kernels. What the float one gives may
// be known from the pass that observed, or from models that were judged before; it then runs on one
// sample, against which that is held, and to be timed. Where an output stands
// behind a selection, the tensors before it are revealed in both, which takes the prepared model
// and sessions of its own; the time is then taken by another pair, because a revealed tensor keeps
// ONNX Runtime from fusing around it.

namespace rangefinder::workflow {
namespace {

using engine::Session;

/// What is spent on timing, a pair of runs aside: enough time for a difference of two percent where
/// a run takes a few milliseconds or less, and few runs where each takes longer, for one core waits
/// meanwhile. Where the two are close, more is spent.
constexpr engine::LatencyOptions kTiming{.least_runs = 3, .most_runs = 501, .seconds = 0.08};
constexpr engine::LatencyOptions kTimingIfClose{.least_runs = 5, .most_runs = 501, .seconds = 0.18};

/// Whether sessions have run such samples before.
enum class Sessions { kNew, kWarm };

/// The model is not optimized anew where what came of that can be run as it is.
Session open_optimized(const KernelLook& fusion, const engine::ModelSource& quantized) {
  if (!fusion.valid()) return open_plain(quantized);
  const analysis::FusionReport& report = fusion.get();
  try {
    return Session(report.optimized, {.optimization = engine::OptimizationLevel::kNone});
  } catch (const Error&) {
    return Session(quantized);
  }
}

report::LatencyRow latency_of(Session& real, Session& quantized, Sessions state,
                              const data::SampleSource& samples, size_t index) {
  const auto sample = samples.read(index);
  const std::array sessions = {&real, &quantized};
  const auto measure = [&](engine::LatencyOptions timing) {
    if (state == Sessions::kWarm) timing.warm_up_runs = 0;
    const auto found = engine::median_latency(sessions, sample, samples.name(index), timing);
    state = Sessions::kWarm;
    return report::LatencyRow{
        .float_us = found.seconds[0] * 1e6, .int8_us = found.seconds[1] * 1e6, .runs = found.runs};
  };
  report::LatencyRow latency = measure(kTiming);
  if (latency.ratio() > 0.9 && latency.ratio() < 1.15) latency = measure(kTimingIfClose);
  return latency;
}

/// By the first sample that can be run.
void try_latency(Session& real, Session& quantized, Sessions state,
                 const data::SampleSource& samples, report::Summary& summary) {
  for (size_t i = 0; i < samples.size(); ++i) {
    try {
      summary.latency = latency_of(real, quantized, state, samples, i);
      return;
    } catch (const Error&) {
      stop_if_cancelled();
    }
  }
}

analysis::ModelErrorOptions compare_options(const Plan& plan, const RunControl& run) {
  analysis::ModelErrorOptions options{.run = run, .leave_out_bad_samples = true};
  if (run.nonfinite == Nonfinite::kError) options.check = check_observed(plan);
  return options;
}

/// Takes the rows of inner tensors out of `rows` and puts them to the outputs that they judge.
void tell_judged(const Plan& plan, std::span<const analysis::JudgedOutput> judged,
                 std::vector<report::OutputRow>& rows) {
  std::map<std::string, report::OutputRow> by_name;
  for (const auto& row : rows) by_name[row.name] = row;
  std::erase_if(rows, [&](const auto& row) {
    const auto is_it = [&](const auto& output) { return output.name() == row.name; };
    return std::ranges::none_of(plan.prepared.model.graph().output(), is_it);
  });
  for (const auto& output : judged) {
    const auto row = std::ranges::find(rows, output.output, &report::OutputRow::name);
    const std::vector<std::string> itself = {output.output};
    if (row == rows.end() || output.tensors == itself) continue;
    row->selected_by = output.selected_by.empty() ? "random numbers" : output.selected_by.front();
    row->hidden_node_count = output.hidden_nodes.size();
    row->judged_at.clear();
    for (const auto& tensor : output.tensors) {
      const auto& found = by_name[tensor];
      row->judged_at.insert(row->judged_at.end(), found.judged_at.begin(), found.judged_at.end());
      if (!found.judged_at.empty()) continue;
      row->judged_at.push_back({.name = tensor,
                                .sqnr_db = found.sqnr_db,
                                .sqnr_bound_db = found.sqnr_bound_db,
                                .score_sqnr_db = found.score_sqnr_db,
                                .score_bound_db = found.score_bound_db});
    }
  }
}

/// All that is compared: outputs, and tensors that judge some.
std::vector<std::string> names_of(std::span<const analysis::JudgedOutput> judged) {
  std::vector<std::string> names = analysis::inner_tensors(judged);
  for (const auto& output : judged) names.push_back(output.output);
  return names;
}

void take(OutputErrors errors, report::Summary& summary) {
  summary.outputs = std::move(errors.outputs);
  summary.left_out = std::move(errors.left_out);
}

void measure(const Plan& plan, const data::SampleSource& held_out, const MoreSamples& more,
             const RunControl& run, const engine::ModelSource& quantized, const KernelLook& fusion,
             analysis::KnownOutputs& known, report::Summary& summary) {
  const auto judged = analysis::judged_outputs(plan.prepared);
  const auto inner = analysis::inner_tensors(judged);
  const auto open = [&] { return open_optimized(fusion, quantized); };
  auto options = compare_options(plan, run);
  options.more_samples = more;
  options.known = &known;
  options.sections = analysis::sections_of(plan.prepared, names_of(judged));
  if (inner.empty()) {
    options.open_other = open;
    options.when_done = [&](Session& real, Session& other) {
      if (fusion.valid()) try_latency(real, other, Sessions::kWarm, held_out, summary);
    };
    take(compare_outputs(plan.source, quantized, held_out, options), summary);
  } else {
    const auto revealed = analysis::revealing(quantized, inner);
    options.open_other = opener_for(*plan.target, revealed);
    take(rows_of(analysis::model_error(analysis::revealing(plan.prepared_source(), inner), revealed,
                                       held_out, options)),
         summary);
    if (!fusion.valid()) return tell_judged(plan, judged, summary.outputs);
    Session real(engine::runnable(plan.source));
    Session other = open();
    try_latency(real, other, Sessions::kNew, held_out, summary);
  }
  tell_judged(plan, judged, summary.outputs);
}

/// How many calibration samples join those held out.
size_t joining_count(const Samples& samples) {
  const size_t held_out = samples.held_out()->size();
  if (held_out == 0 || held_out >= kMeasuredCount) return 0;
  return std::min(samples.calibration_count(), kMeasuredCount - held_out);
}

}  // namespace

MoreSamples joining_samples(const SampleInput& input, Samples& samples) {
  const size_t taken = joining_count(samples);
  if (!input.list || taken == 0) return {};
  return [&samples, taken, all = samples.calibration_count()] {
    return spread(samples.calibration(), taken, all);
  };
}

std::optional<size_t> joining_place(const Samples& samples, size_t place) {
  const size_t taken = joining_count(samples);
  const size_t all = samples.calibration_count();
  if (place >= all || (place + 1) * taken / all == place * taken / all) return std::nullopt;
  return place * taken / all;
}

bool can_borrow_outputs(const Plan& plan, const RunControl& run) {
  if (run.device.kind != Device::Kind::kCpu) return false;
  const auto is_judged_at_itself = [](const analysis::JudgedOutput& judged) {
    return judged.tensors == std::vector<std::string>{judged.output};
  };
  return std::ranges::all_of(analysis::judged_outputs(plan.prepared), is_judged_at_itself);
}

void measure_outputs(const Plan& plan, const data::SampleSource& held_out, const MoreSamples& more,
                     const RunControl& run, const engine::ModelSource& quantized,
                     const KernelLook& fusion, analysis::KnownOutputs& known,
                     report::Summary& summary) {
  summary.held_out_count = held_out.size();
  summary.outputs.clear();
  summary.left_out.clear();
  summary.latency.reset();
  if (summary.held_out_count == 0) {
    summary.notes.push_back("no sample was left to measure the error on");
    return;
  }
  try {
    measure(plan, held_out, more, run, quantized, fusion, known, summary);
  } catch (const std::exception& error) {
    if (run.cancelled != nullptr && *run.cancelled) throw;
    summary.notes.push_back(fmt::format("the error could not be measured: {}", error.what()));
  }
}

namespace {

/// Null if they were not looked at.
const statistics::TensorStatistics* held_out_values(const ObservedBoth& seen,
                                                    const std::string& tensor) {
  for (const auto* known : {&seen.held_out_scaled, &seen.held_out}) {
    const auto found = known->find(tensor);
    if (found != known->end()) return &found->second;
  }
  return nullptr;
}

}  // namespace

void measure_ranges(const Plan& plan, const ObservedBoth& seen, report::Summary& summary) {
  summary.looked_at_count = seen.held_out_look.samples.size();
  for (auto& row : summary.tensors) {
    const auto* values = row.root == row.name ? held_out_values(seen, row.name) : nullptr;
    if (values == nullptr) continue;
    auto config = grid_of(*plan.target, row);
    config.activate({row.scale}, {row.offset});
    const auto error = analysis::tensor_error(*values, config);
    row.held_out_clipped_share = error.clipped_share;
    row.held_out_sqnr_db = error.sqnr_db;
  }
}

}  // namespace rangefinder::workflow
