#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rangefinder/export.h"

namespace rangefinder {

/// What methods can be told. Each reads the fields it knows; a config's detail of the same name
/// overrides them for its tensor.
struct MethodOptions {
  /// percentile, mean-percentile: the share of values kept, 0 < p <= 1.
  double percentile = 0.9999;
  /// std: the range is mean +- alpha * standard deviation (symmetric: 0 +- alpha * RMS); > 0.
  double alpha = 3.0;
  /// isotone: the axis along which the order is kept.
  int64_t axis = -1;
  /// isotone: how many of a row's largest values keep their order among each other, 1..5.
  int64_t top_count = 1;

  bool operator==(const MethodOptions&) const = default;
};

/// How ranges of activations are found: a calibration method by name, and exceptions to it.
///
///     rangefinder::Method method{.name = "kl"};
///     method.for_tensors = {{"*attention*", "minmax"}, {"logits", "isotone"}};
struct Method {
  /// One of known_methods(); case does not matter.
  std::string name = "mse";
  MethodOptions options = {};
  /// Tensor name patterns (`*` any run of characters, `?` one) and the method for them; the first
  /// that fits counts.
  std::vector<std::pair<std::string, std::string>> for_tensors = {};

  bool operator==(const Method&) const = default;
};

/// The names of all calibration methods: built in, registered and from plug-ins. Lower case,
/// sorted.
RANGEFINDER_API std::vector<std::string> known_methods();

/// Throws std::invalid_argument: a method that is not known, does not serve the activations of this
/// target (one of known_targets(), empty: the default), or does not take its options.
RANGEFINDER_API void validate(const Method& method, const std::string& target = {});

/// A runtime that models can be written for.
struct TargetInfo {
  std::string name;
  /// One line for people.
  std::string summary;
};

/// The targets, the default one first (docs/targets.md).
RANGEFINDER_API std::vector<TargetInfo> known_targets();

}  // namespace rangefinder
