#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rangefinder::passes {

/// Weights against 16-bit saturation on x86-64 before VNNI [docs/targets.md (1)-(3)].
///
/// There the integer kernels multiply unsigned 8-bit activations by signed 8-bit weights and add
/// the products two by two, 2i and 2i + 1 of a dot product, in 16 bits that saturate. A pair is
/// safe whatever the activations are if its two codes, where their signs agree, sum to at most
/// kLargestPairSum in magnitude: 255 * 128 <= 2^15 - 1 < 255 * 129.
inline constexpr int kLargestPairSum = 128;

/// The scale, not below `least_scale`, with the least expected squared error of the weights when
/// pairs are bound as bound_pair_sums() does: rounding costs scale^2 / 12 for each of `count`
/// weights, a pair whose real sum exceeds 128 scales half the square of the excess.
/// The objective is convex and piecewise quadratic: Newton's method from the left ends after
/// finitely many steps, each linear in the number of pairs. `sums` holds the |a + b| of the pairs
/// whose weights have the same sign.
float scale_for_pair_sums(std::span<const float> sums, size_t count, float least_scale);

/// |a + b| of the pairs (0,1), (2,3), ... whose weights have the same sign, those above `above`.
void collect_pair_sums(std::span<const float> dot_product, float above, std::vector<float>& sums);

/// Moves the codes of each unsafe pair to the nearest safe pair: both give up half the excess.
/// `dot_product` holds the real weights of `codes` in the order in which kernels add them up.
void bound_pair_sums(std::span<const float> dot_product, float scale, std::span<int8_t> codes);

}  // namespace rangefinder::passes
