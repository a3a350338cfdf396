#pragma once

#include <string>
#include <string_view>

#include "rangefinder/export.h"

namespace rangefinder {

/// Where a model runs while it is observed.
///
///     rangefinder::QuantizeOptions options;
///     options.run.device = rangefinder::parse_device("cuda:1");
///
/// On a GPU activations differ from those of the CPU in their last bits, and so may the statistics;
/// of the same activations the statistics are the same. See docs/cuda.md.
struct Device {
  /// What kind of processor it is.
  enum class Kind { kCpu, kCuda };

  Kind kind = Kind::kCpu;
  /// Which one, from 0; of the CPU there is one.
  int number = 0;

  /// Devices are the same if they are the same processor.
  bool operator==(const Device&) const = default;
};

/// "cpu", "cuda" (the first GPU) or "cuda:N". Throws std::invalid_argument for anything else.
RANGEFINDER_API Device parse_device(std::string_view text);
/// The inverse: "cpu", "cuda:0".
RANGEFINDER_API std::string to_string(const Device& device);

}  // namespace rangefinder
