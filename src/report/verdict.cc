#include "report/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/printable.h"
#include "report/hints.h"
#include "report/short_name.h"

// Each rule looks at one thing, may worsen the level, and says why in a sentence that holds its
// figures. What is worst is said first: outputs, then what explains them, then the time.

namespace rangefinder {

std::string name_of(VerdictLevel level) {
  switch (level) {
    case VerdictLevel::kGood:
      return "good";
    case VerdictLevel::kFair:
      return "fair";
    case VerdictLevel::kPoor:
      return "poor";
  }
  throw std::invalid_argument("no level");
}

}  // namespace rangefinder

namespace rangefinder::report {
namespace {

/// Bytes by which scales and new nodes let a small model grow.
constexpr uint64_t kLittleGrowth = 1 << 16;
/// What is said of outputs, tensors and nodes, the worst first.
constexpr size_t kMostOutputs = 3;
constexpr size_t kMostTensors = 3;
/// A tensor suffers on held-out samples if it loses so much of its signal over noise there, is left
/// with less than so much, and more of its values lie outside the range.
constexpr double kSufferedDb = 3;
constexpr double kHealthyDb = 30;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// Of an output or a tensor that judges one: of what is measured, and by the bound where there is
/// one.
template <class Row>
double measured_of(const Row& row) {
  return row.score_sqnr_db.value_or(row.sqnr_db);
}

template <class Row>
double bound_of(const Row& row) {
  if (row.score_sqnr_db) return row.score_bound_db.value_or(*row.score_sqnr_db);
  return row.sqnr_bound_db.value_or(row.sqnr_db);
}

bool is_measured(const OutputRow& output) {
  return !std::isnan(judged_db(output)) && judged_db(output) != -INFINITY;
}

std::string named(const std::string& foreign) { return short_name(foreign, 60); }

std::string decibels(double value) {
  return std::isinf(value) ? std::string("no noise") : fmt::format("{:.1f} dB", value);
}

/// Where tensors before the output judge it, its own shape may be another one.
size_t judged_samples(const OutputRow& output) {
  return output.sample_count + (output.judged_at.empty() ? 0 : output.shape_mismatch_count);
}

bool has_few_samples(const OutputRow& output) { return judged_samples(output) < kEnoughHeldOut; }

bool has_shares(const OutputRow& output) { return output.score_sqnr_db.has_value(); }

/// What a row is above the threshold between fair and poor, and between good and fair.
template <class Row>
double above_fair(const Row& row) {
  return bound_of(row) - (row.score_sqnr_db ? kFairScoreDb : kFairDb);
}
template <class Row>
double above_good(const Row& row, bool has_few) {
  const double threshold = row.score_sqnr_db ? kGoodScoreDb : kGoodDb;
  return bound_of(row) - threshold - (has_few ? kFewSamplesDb : 0);
}

template <class Row>
VerdictLevel level_of(const Row& row, bool has_few) {
  if (above_fair(row) < 0) return VerdictLevel::kPoor;
  return above_good(row, has_few) < 0 ? VerdictLevel::kFair : VerdictLevel::kGood;
}

/// By signal over noise alone.
VerdictLevel noise_level(const OutputRow& output) {
  const bool has_few = has_few_samples(output);
  VerdictLevel level = judged_samples(output) < 2 ? VerdictLevel::kFair : VerdictLevel::kGood;
  for (const auto& tensor : output.judged_at) level = std::max(level, level_of(tensor, has_few));
  return output.judged_at.empty() ? std::max(level, level_of(output, has_few)) : level;
}

/// Whoever counts answers that are float's sees these. In a single sample it may be chance.
bool changes_answers(const OutputRow& output) {
  const double changed = 1 - output.same_top_share.value_or(1);
  const auto samples = static_cast<double>(judged_samples(output) + output.joined_count);
  return changed > kMostChangedRows && changed * samples > 1.5;
}

bool tells_of_classes(const OutputRow& output) {
  return output.top_loss_bound.value_or(0) > kMostTopLoss || changes_answers(output);
}

VerdictLevel level_of(const OutputRow& output) {
  VerdictLevel level = noise_level(output);
  if (changes_answers(output)) level = VerdictLevel::kPoor;
  if (output.top_loss_bound.value_or(0) > kMostTopLoss)
    level = std::max(level, VerdictLevel::kFair);
  if (output.top_loss.value_or(0) > kMostTopLoss) level = VerdictLevel::kPoor;
  if (output.text_loss.value_or(0) > kMostTextLoss) level = VerdictLevel::kPoor;
  return level;
}

/// The tensor whose figures judge the output; null if that is the output itself.
const JudgedTensorRow* judge_of(const OutputRow& output) {
  const auto worst = std::ranges::min_element(
      output.judged_at, {}, [](const JudgedTensorRow& tensor) { return above_fair(tensor); });
  return worst == output.judged_at.end() ? nullptr : &*worst;
}

/// For an order of outputs, the worst first.
double margin(const OutputRow& output) {
  const JudgedTensorRow* judge = judge_of(output);
  return judge ? above_fair(*judge) : above_fair(output);
}

/// What is judged, and what was measured of it.
std::string figures_of(const OutputRow& output) {
  const JudgedTensorRow* judge = judge_of(output);
  const bool are_scores = judge ? judge->score_sqnr_db.has_value() : has_shares(output);
  std::string text = fmt::format("output '{}'", named(output.name));
  if (judge && output.selected_by.empty()) {
    text += fmt::format(", its part '{}'", named(judge->name));
  } else if (judge) {
    text +=
        fmt::format(", judged by '{}' before {}", named(judge->name), named(output.selected_by));
  }
  if (are_scores) text += ", the scores behind its shares";
  return text + fmt::format(": {} of signal over noise, {} at the least",
                            decibels(judge ? measured_of(*judge) : measured_of(output)),
                            decibels(judge ? bound_of(*judge) : bound_of(output)));
}

/// Collects what rules say.
class Judgement {
 public:
  Judgement(const Summary& summary, const Circumstances& circumstances)
      : summary_(summary), circumstances_(circumstances) {}

  Verdict take() {
    judge_outputs();
    if (verdict_.level) {
      judge_evidence();
      if (is_lossy_) explain();
      judge_latency();
      judge_size();
      tell_float_nodes();
    }
    add_hints();
    return std::move(verdict_);
  }

 private:
  void worsen(VerdictLevel level) { verdict_.level = std::max(verdict_.level.value(), level); }
  void say(std::string reason) { verdict_.reasons.push_back(std::move(reason)); }

  void judge_outputs() {
    verdict_.level = accuracy_level(summary_);
    if (!verdict_.level) {
      say(summary_.held_out_count == 0 ? "no sample was held out to judge it by"
                                       : "no output could be compared");
      return;
    }
    is_lossy_ = verdict_.level != VerdictLevel::kGood;
    std::vector<const OutputRow*> worst;
    for (const auto& output : summary_.outputs) {
      if (!is_measured(output)) {
        tell_unmeasured(output);
      } else if (level_of(output) != VerdictLevel::kGood) {
        worst.push_back(&output);
      }
    }
    std::stable_sort(worst.begin(), worst.end(),
                     [](const auto* a, const auto* b) { return margin(*a) < margin(*b); });
    for (size_t i = 0; i < std::min(worst.size(), kMostOutputs); ++i) tell_output(*worst[i]);
    if (worst.size() > kMostOutputs) {
      say(fmt::format("{} more outputs are no better than fair", worst.size() - kMostOutputs));
    }
  }

  void tell_unmeasured(const OutputRow& output) {
    if (output.sqnr_db == -INFINITY) return;  // No signal, which nothing can be said of.
    worsen(VerdictLevel::kFair);
    say(fmt::format("output '{}' is not judged: {}", named(output.name),
                    output.reason.empty() ? "nothing tells how good it is" : output.reason));
  }

  void tell_output(const OutputRow& output) {
    if (noise_level(output) != VerdictLevel::kGood) {
      const std::string few = has_few_samples(output) ? fmt::format(", on {} held-out samples only",
                                                                    judged_samples(output))
                                                      : "";
      say(figures_of(output) + few);
    }
    if (tells_of_classes(output)) {
      say(
          fmt::format("output '{}': the largest of a row is another one in {:.1f}% of the rows, "
                      "which costs about {:.1f}% and up to {:.1f}% of {}{}",
                      named(output.name), 100 * (1 - *output.same_top_share),
                      100 * output.text_loss.value_or(output.top_loss.value_or(0)),
                      100 * output.top_loss_bound.value_or(0),
                      output.text_loss ? "texts, if rows are letters" : "accuracy",
                      has_shares(output) ? "" : ", if rows are scores of classes"));
    }
  }

  /// What the figures are worth.
  void judge_evidence() {
    for (const auto& check : summary_.data_checks) {
      if (!check.is_grave && check.name != "held_out_calibrated") continue;
      worsen(check.is_grave ? VerdictLevel::kPoor : VerdictLevel::kFair);
      say(printable(check.message));
    }
    size_t hidden = 0;
    for (const auto& output : summary_.outputs) hidden = std::max(hidden, output.hidden_node_count);
    if (hidden > 0) {
      worsen(VerdictLevel::kFair);
      say(fmt::format("the error of {} node{} behind a selection is not judged", hidden,
                      hidden == 1 ? "" : "s"));
    }
  }

  void explain() {
    std::vector<const TensorRow*> suffering;
    for (const auto& row : summary_.tensors) {
      if (suffers(row)) suffering.push_back(&row);
    }
    overflows_ = !suffering.empty();
    std::stable_sort(suffering.begin(), suffering.end(), [](const auto* a, const auto* b) {
      return *a->held_out_sqnr_db < *b->held_out_sqnr_db;
    });
    for (size_t i = 0; i < std::min(suffering.size(), kMostTensors); ++i) {
      const TensorRow& row = *suffering[i];
      say(fmt::format(
          "'{}' leaves its range on held-out samples: {:.3g}% of its values ({:.3g}% in "
          "calibration), {} become {}",
          named(row.name), 100 * *row.held_out_clipped_share, 100 * row.clipped_share,
          decibels(*row.sqnr_db), decibels(*row.held_out_sqnr_db)));
    }
    if (suffering.size() > kMostTensors) {
      say(fmt::format("{} more tensors leave their ranges", suffering.size() - kMostTensors));
    }
    for (const auto& row : summary_.error_sources) {
      say(fmt::format("noise grows at {} '{}': {} before it, {} behind", row.op_type,
                      named(row.node), decibels(row.before_db), decibels(row.after_db)));
    }
  }

  static bool suffers(const TensorRow& row) {
    return row.held_out_sqnr_db && row.sqnr_db &&
           *row.held_out_sqnr_db<kHealthyDb&& * row.sqnr_db - *row.held_out_sqnr_db >=
                                 kSufferedDb&& * row.held_out_clipped_share>
                row.clipped_share;
  }

  void judge_latency() {
    if (!summary_.latency || !is_slower()) return;
    worsen(VerdictLevel::kFair);
    say(
        fmt::format("int8 takes {:.2f} times as long as float: {:.3g} ms and {:.3g} ms on one "
                    "thread",
                    summary_.latency->ratio(), summary_.latency->int8_us / 1e3,
                    summary_.latency->float_us / 1e3));
  }

  void judge_size() {
    const uint64_t before = summary_.float_bytes;
    const uint64_t after = summary_.quantized_bytes;
    if (before == 0 || after <= before + kLittleGrowth) return;
    worsen(VerdictLevel::kFair);
    say(fmt::format(
        "int8 is {:.1f} times as large as float: what is computed of constants when the "
        "float model is loaded is stored now",
        static_cast<double>(after) / static_cast<double>(before)));
  }

  bool is_slower() const { return summary_.latency && summary_.latency->ratio() > kSlower; }

  /// Where the verdict is good that is no reason for anything.
  void tell_float_nodes() {
    if (verdict_.level == VerdictLevel::kGood || summary_.integer_nodes == summary_.eligible_nodes)
      return;
    std::map<std::string, size_t> reasons;
    for (const auto& node : summary_.float_nodes) ++reasons[node.reason];
    if (reasons.empty()) return;
    const auto most =
        std::ranges::max_element(reasons, {}, [](const auto& reason) { return reason.second; });
    say(fmt::format("{} of {} nodes with weights stay float; the reason of {}: {}",
                    summary_.eligible_nodes - summary_.integer_nodes, summary_.eligible_nodes,
                    most->second, printable(most->first)));
  }

  void hint(const std::string& option, const std::string& value = {}) {
    verdict_.hints.push_back(with_option(circumstances_.command, option, value));
  }

  void add_hints() {
    if (!verdict_.level && circumstances_.declined_held_out) hint("--held-out", "32");
    if (is_lossy_) add_accuracy_hints();
    if (is_slower() && !circumstances_.is_fastest) hint("--fastest");
  }

  /// What would be the next better level.
  double next_aim() const { return verdict_.level == VerdictLevel::kPoor ? kFairDb : kGoodDb; }

  /// Whether an aim in dB would change anything: of shares it is as they are, not of the scores
  /// behind them, and may be reached where those suffer.
  bool is_below(double aim) const {
    return std::any_of(summary_.outputs.begin(), summary_.outputs.end(),
                       [&](const auto& output) { return judged_db(output) < aim; });
  }

  void add_accuracy_hints() {
    const size_t used = summary_.sample_count + summary_.held_out_count;
    if (summary_.sample_count > 0 && circumstances_.available_samples > used) {
      const size_t more = circumstances_.available_samples - summary_.held_out_count;
      hint("--samples", std::to_string(std::min(more, 4 * summary_.sample_count)));
    }
    if (overflows_ && summary_.method != "minmax") hint("--method", "minmax");
    const bool clips = summary_.method == "kl" || summary_.method == "percentile";
    if (clips) hint("--method", "mse");
    if (summary_.effort == "fast") hint("--effort", "normal");
    if (summary_.effort == "normal") hint("--effort", "thorough");
    if (!circumstances_.has_aim && is_below(next_aim())) {
      hint("--min-sqnr", fmt::format("{:g}", next_aim()));
    }
  }

  const Summary& summary_;
  const Circumstances& circumstances_;
  Verdict verdict_;
  bool is_lossy_ = false;
  bool overflows_ = false;
};

}  // namespace

double judged_db(const OutputRow& output) {
  if (output.judged_at.empty()) {
    return output.selected_by.empty() ? output.sqnr_bound_db.value_or(output.sqnr_db) : kNothing;
  }
  double worst = std::numeric_limits<double>::infinity();
  for (const auto& tensor : output.judged_at) {
    if (std::isnan(tensor.sqnr_db)) return kNothing;
    worst = std::min(worst, tensor.sqnr_bound_db.value_or(tensor.sqnr_db));
  }
  return worst;
}

std::optional<VerdictLevel> accuracy_level(const Summary& summary) {
  std::optional<VerdictLevel> level;
  for (const auto& output : summary.outputs) {
    if (is_measured(output)) level = std::max(level.value_or(level_of(output)), level_of(output));
  }
  return level;
}

Verdict verdict_of(const Summary& summary, const Circumstances& circumstances) {
  return Judgement(summary, circumstances).take();
}

}  // namespace rangefinder::report
