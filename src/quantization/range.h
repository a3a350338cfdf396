#pragma once

namespace rangefinder::quantization {

/// An interval of real values, both ends included; min <= max.
struct Range {
  double min = 0;
  double max = 0;

  bool operator==(const Range&) const = default;
};

}  // namespace rangefinder::quantization
