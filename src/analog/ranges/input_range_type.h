#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analog/hardware/tile_weights.h"
#include "rangefinder/analog.h"

namespace rangefinder::analog {

/// How the input ranges of a layer are found.
using InputRangeType = InputRangeCalibrationType;

/// What the types ask for; fields that a type does not use are ignored.
struct InputRangeOptions {
  double quantile = 0.99995;
  /// Rows that CACHE_QUANTILE keeps, of each layer.
  int64_t max_samples = 1000;
  /// Instead of each layer's pre_post.input_range.init_std_alpha.
  std::optional<double> std_alpha = {};
  /// Of CACHE_QUANTILE's choice of rows.
  uint64_t seed = 0;
  /// kAihwkit reproduces the reference: signed quantiles, rows sampled with a bias for late ones,
  /// float32 running means. Its results depend on the order of the samples.
  Compatibility compatibility = Compatibility::kNone;
};

using rangefinder::to_string;

/// Case, `-` and `_` are ignored, so "MovingQuantile" and "MOVING_QUANTILE" are known too.
/// Throws std::invalid_argument listing the known types.
InputRangeType parse_input_range_type(std::string_view text);

/// Throws std::invalid_argument naming the option, its value and what is allowed: a quantile
/// outside (0, 1], max_samples below 1, std_alpha not above 0; a type that the reference has not
/// together with kAihwkit.
void require_options(InputRangeType type, const InputRangeOptions& options);

}  // namespace rangefinder::analog
