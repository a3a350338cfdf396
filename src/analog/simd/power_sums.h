#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rangefinder::analog::simd {

/// As many as two vectors of AVX-512 hold.
inline constexpr size_t kSumLanes = 16;

/// Sums of x - pivot and of its square.
struct PowerSums {
  double first = 0.0;
  double second = 0.0;

  bool operator==(const PowerSums&) const = default;
};

/// In float64, value number i into lane i % kSumLanes, the lanes added up in pairs at the end: the
/// same bits on every instruction set. Differences and squares for a pivot of 0 are exact, so
/// `second` is finite if and only if all values are.
PowerSums power_sums(std::span<const float> values, double pivot);

/// Value number i counts weights[i / lanes] times. There is a weight for all values, below 2^31.
PowerSums weighted_power_sums(std::span<const float> values, const uint32_t* weights, size_t lanes,
                              double pivot);

/// The same as plain loops, which the tests hold every instruction set against.
PowerSums power_sums_reference(std::span<const float> values, double pivot);
PowerSums weighted_power_sums_reference(std::span<const float> values, const uint32_t* weights,
                                        size_t lanes, double pivot);

}  // namespace rangefinder::analog::simd
