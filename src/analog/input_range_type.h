#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analog/tile_weights.h"

namespace rangefinder::analog {

/// How the input ranges of a layer are found.
enum class InputRangeType {
  /// Leaves everything as it is.
  kNone,
  /// Largest |x| of all data.
  kMax,
  /// Mean over calls of alpha times the standard deviation.
  kMovingStd,
  /// Mean over calls of the quantile of |x|.
  kMovingQuantile,
  /// Quantile of |x| over an even random sample of rows.
  kCacheQuantile,
  /// Quantile of |x| over all data, from its histogram; not in the reference.
  kQuantile,
  /// The range with the least squared error of clipping and rounding at inp_res; not in the
  /// reference.
  kMse,
};

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

/// The command line's spelling: "moving-quantile".
std::string to_string(InputRangeType type);

/// Case, `-` and `_` are ignored, so "MovingQuantile" and "MOVING_QUANTILE" are known too.
/// Throws std::invalid_argument listing the known types.
InputRangeType parse_input_range_type(std::string_view text);

/// Throws std::invalid_argument naming the option, its value and what is allowed: a quantile
/// outside (0, 1], max_samples below 1, std_alpha not above 0; a type that the reference has not
/// together with kAihwkit.
void validate(InputRangeType type, const InputRangeOptions& options);

}  // namespace rangefinder::analog
