#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/summary.h"
#include "workflow/observe.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// Fewer calibration samples than this are few, and of held-out ones.
inline constexpr size_t kFewSamples = 16;
inline constexpr size_t kFewHeldOut = 8;
/// A tensor's range moves if held-out samples widen it by more than this share; they move if so
/// many of all tensors' do.
inline constexpr double kWidened = 0.1;
inline constexpr double kMovingShare = 0.15;
/// Where the first convolution makes values so many times as large as its biases, its input is
/// taken not to be what the network was trained on (docs/verdict.md).
inline constexpr double kTooLoud = 50;

/// What is to be said of the samples that a model was calibrated and judged on: too few, identical,
/// constant, not normalized, ... (docs/formats/summary.md lists the names). Nothing if all is well.
std::vector<report::DataCheckRow> data_checks(const Plan& plan, const ObservedBoth& seen,
                                              size_t held_out_count);

/// How many times as large as its biases the values are that the first Conv makes of an input with
/// this root mean square: the median over its channels of the weights' norm, over the median of the
/// biases' magnitude. Empty if the network brings the input to another scale before, the first
/// reader is no Conv, or has no biases.
std::optional<double> loudness(const Plan& plan, const std::string& input, double root_mean_square);

}  // namespace rangefinder::workflow
