#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/summary.h"

namespace rangefinder::report {

/// Signal over noise, in dB, by the upper bound of the noise, from which on an output is good, and
/// below which it is poor; then the same of the scores behind shares. docs/verdict.md holds the
/// measurements that they come from.
inline constexpr double kGoodDb = 35;
inline constexpr double kFairDb = 30;
inline constexpr double kGoodScoreDb = 26;
inline constexpr double kFairScoreDb = 15;
/// With fewer held-out samples than this, of which a bound tells less, good takes so much more; a
/// single one, which has no bound, is never good.
inline constexpr uint64_t kEnoughHeldOut = 8;
inline constexpr double kFewSamplesDb = 6;
/// The loss of accuracy that scores of classes may show, by its upper bound.
inline constexpr double kMostTopLoss = 0.01;
/// What texts may lose on average, each as a whole: more than rows, which may be no letters.
inline constexpr double kMostTextLoss = 0.05;
/// And the share of rows in which the answer may be another one, whatever it costs.
inline constexpr double kMostChangedRows = 0.02;
/// What int8 may take longer than float, measuring being what it is.
inline constexpr double kSlower = 1.02;

/// What a verdict cannot see in a summary.
struct Circumstances {
  /// The command line, as it would be typed; empty: hints are options alone.
  std::vector<std::string> command = {};
  /// All samples there are; 0 if that is not known.
  size_t available_samples = 0;
  /// Holding samples out was declined.
  bool declined_held_out = false;
  /// Options that choose nodes which stay float are given already.
  bool has_aim = false;
  bool is_fastest = false;
};

/// The level by accuracy alone; empty if no output could be measured.
std::optional<VerdictLevel> accuracy_level(const Summary& summary);

/// The verdict on what a summary says: docs/verdict.md. A pure function.
Verdict verdict_of(const Summary& summary, const Circumstances& circumstances = {});

/// The signal over noise of an output, or of the worst tensor or part that judges it, by the bound
/// where there is one; of shares as they are, not of the scores behind them. NaN if it was not
/// measured.
double judged_db(const OutputRow& output);

}  // namespace rangefinder::report
