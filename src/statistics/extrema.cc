#include "statistics/extrema.h"

#include <algorithm>
#include <cmath>

namespace rangefinder::statistics {

void Extrema::add(float value) {
  if (std::isnan(value)) {
    ++nan_count;
  } else if (std::isinf(value)) {
    ++(value > 0 ? positive_infinity_count : negative_infinity_count);
  } else {
    value += 0.0f;  // -0 becomes 0: the state must not depend on which zero came first.
    min = std::min(min, value);
    max = std::max(max, value);
  }
}

void Extrema::merge(const Extrema& other) {
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  nan_count += other.nan_count;
  positive_infinity_count += other.positive_infinity_count;
  negative_infinity_count += other.negative_infinity_count;
}

}  // namespace rangefinder::statistics
