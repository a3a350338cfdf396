#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/extrema.h"
#include "statistics/value_histogram.h"

namespace rangefinder::statistics {

/// Scratch counters of every histogram key, kept between tensors and always left empty.
///
/// Each key has kLanes counters that take turns. A run of equal values, as in constant or
/// saturated data, would otherwise wait for its own last store at every increment.
/// Cost: 1 MiB, of which a tensor touches its own octaves.
class KeyTable {
 public:
  static constexpr size_t kLanes = 4;
  /// The most keys that may be added between two flushes.
  static constexpr uint64_t kCapacity = UINT32_MAX;

  KeyTable();

  void add(std::span<const uint32_t> keys);
  void add(std::span<const uint16_t> keys);
  /// Moves all counts into the histogram. `extrema` must cover the values behind the keys. The
  /// scan goes from the largest magnitude down and stops where everything added was found.
  void flush(const Extrema& extrema, ValueHistogram& into);

 private:
  using Cell = std::array<uint32_t, kLanes>;
  template <typename Key>
  void add_keys(std::span<const Key> keys);
  uint64_t move_octave(uint32_t index, ValueHistogram& into);

  std::vector<Cell> cells_;
  uint64_t pending_ = 0;
};

}  // namespace rangefinder::statistics
