#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analog/activations/runs.h"

namespace rangefinder::analog {

/// The largest magnitudes of a stream, as many entries as asked for, occurrences counted.
///
/// Once there are enough, the smallest of them is a threshold that hardly any of the values to come
/// exceeds, and 64 of them are dismissed by one comparison (simd/collect_above.h). The result is
/// exact and does not depend on the order.
/// Cost: O(values), and some log(values / wanted) times `wanted` that are looked at and sorted;
/// memory 8 bytes for each value kept, whose occurrences are at most 4 * wanted + one run's.
class TopMagnitudes {
 public:
  /// Throws std::invalid_argument unless wanted > 0.
  explicit TopMagnitudes(uint64_t wanted);

  void add(const ElementRun& run);

  /// Bits of the largest magnitude; beyond 0x7f800000 for NaN.
  uint32_t largest_bits() const;
  /// The entry that `above` < wanted entries precede in descending order; 0 behind the last that
  /// was not zero.
  float value(uint64_t above);

 private:
  static constexpr size_t kBlock = 1024;

  /// Bits of the magnitude in the upper half, so that they order; occurrences in the lower.
  static uint64_t packed(uint32_t bits, uint32_t count) { return uint64_t{bits} << 32 | count; }
  static uint32_t bits_of(uint64_t kept) { return static_cast<uint32_t>(kept >> 32); }
  static uint32_t count_of(uint64_t kept) { return static_cast<uint32_t>(kept); }

  void sort();
  /// Drops what is not needed and raises the threshold.
  void shrink();

  uint64_t wanted_;
  /// Magnitudes up to here are of no use any more.
  uint32_t threshold_ = 0;
  std::vector<uint64_t> kept_;
  /// Occurrences of all that is kept.
  uint64_t kept_count_ = 0;
  bool is_sorted_ = true;
  /// Not filled in: what is there has just been found.
  std::array<uint32_t, kBlock> found_;
};

}  // namespace rangefinder::analog
