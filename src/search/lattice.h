#pragma once

#include <cstdint>
#include <optional>

#include "quantization/affine.h"
#include "search/density.h"
#include "search/split.h"

namespace rangefinder::search {

/// A step of which every value seen seems to be a multiple, and the largest multiples.
struct Lattice {
  double step;
  Split multiples;

  bool operator==(const Lattice&) const = default;
};

/// Finds values that lie on a lattice through zero: pixels, masks, tensors that were quantized
/// before. Counts alone would see them spread over their buckets and miss that they can be
/// restored exactly [mse.md (8)].
///
/// The step is the largest that divides the largest magnitude and has a multiple in every bucket
/// that is not empty; by chance that must be less likely than 2^-32.
/// Cost: O(most_multiples), for most candidates fail at the first bucket.
/// Empty if there is none with at most `most_multiples` steps to the largest magnitude.
std::optional<Lattice> lattice_of(const Density& density, int64_t most_multiples);

/// Parameters whose codes hold every multiple of the lattice, at the finest scale that does.
/// Empty if the grid has too few codes.
std::optional<quantization::AffineParameters> exact_on(const Lattice& lattice,
                                                       const quantization::Grid& grid);

/// Parameters that restore values on a lattice exactly, if these are such values. Finer lattices
/// than 1024 steps to the largest magnitude are not looked for; none on grids of powers of two.
std::optional<quantization::AffineParameters> lossless(const Density& density,
                                                       const quantization::Grid& grid);

}  // namespace rangefinder::search
