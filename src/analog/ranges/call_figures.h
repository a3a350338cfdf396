#pragma once

#include <cstdint>
#include <optional>

#include "analog/activations/activation_matrix.h"
#include "analog/hardware/tile_weights.h"
#include "analog/ranges/magnitude_counts.h"

namespace rangefinder::analog {

// What the calibration types take from one slice of one call. All are exact: they equal what the
// unfolded matrix without its all-zero rows would give, up to the rounding of float64 sums.

/// Largest |x| as float bits: beyond 0x7f800000 if there is a NaN, equal to it if there is an
/// infinity. 0 if there are no entries or all are zero.
uint32_t largest_magnitude_bits(const ActivationMatrix& activations, size_t slice);

/// Unbiased standard deviation over all entries, float64 sums in a fixed order; nothing if there
/// are fewer than two entries. From the sums of x and x^2, where x^2 is exact; if their difference
/// cancels more than six bits, once more around the mean (docs/numerics/analog.md (18)).
std::optional<double> standard_deviation(const ActivationMatrix& activations, size_t slice);

/// Quantile of |x|, interpolated between the two neighbouring entries; nothing without entries. And
/// what largest_magnitude_bits() tells: the quantile means nothing if that is not finite.
struct MagnitudeQuantile {
  std::optional<float> value;
  uint32_t largest_bits = 0;
};

/// O(elements). Near 1 only the few largest are kept (TopMagnitudes), else all are counted.
MagnitudeQuantile magnitude_quantile(const ActivationMatrix& activations, size_t slice,
                                     double quantile);

/// The same from counts, which must hold this slice of this call: they tell the bucket, one more
/// pass collects what is in it.
std::optional<float> counted_quantile(const ActivationMatrix& activations, size_t slice,
                                      const MagnitudeCounts& counts, double quantile);

/// Quantile of x with its sign, as the reference takes it, with its float32 rank; nothing without
/// entries. NaN if there is one, or if it falls on an infinity. Sorts: for compatibility only.
std::optional<float> signed_quantile(const ActivationMatrix& activations, size_t slice,
                                     double quantile);

}  // namespace rangefinder::analog
