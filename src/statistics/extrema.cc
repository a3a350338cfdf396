#include "statistics/extrema.h"

#include <bit>

namespace rangefinder::statistics {
namespace {

constexpr uint32_t kMagnitude = 0x7FFFFFFFu;
constexpr uint32_t kInfinity = 0x7F800000u;

/// Integers in the order of the floats they stand for; -0 and 0 differ, NaN is outside infinity.
int32_t rank(float value) {
  const auto bits = std::bit_cast<int32_t>(value);
  return bits < 0 ? bits ^ static_cast<int32_t>(kMagnitude) : bits;
}

}  // namespace

void Extrema::add(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & kMagnitude) > kInfinity) {
    ++nan_count;
  } else if ((bits & kMagnitude) == kInfinity) {
    ++(bits == kInfinity ? positive_infinity_count : negative_infinity_count);
  } else {
    add_range(value, value);
  }
}

void Extrema::add_range(float low, float high) {
  // -0 becomes 0: the state must not depend on which zero came first.
  if ((std::bit_cast<uint32_t>(low) & kMagnitude) == 0) low = 0;
  if ((std::bit_cast<uint32_t>(high) & kMagnitude) == 0) high = 0;
  if (rank(low) < rank(min)) min = low;
  if (rank(high) > rank(max)) max = high;
}

void Extrema::merge(const Extrema& other) {
  if (other.has_range()) add_range(other.min, other.max);
  nan_count += other.nan_count;
  positive_infinity_count += other.positive_infinity_count;
  negative_infinity_count += other.negative_infinity_count;
}

}  // namespace rangefinder::statistics
