#pragma once

#include <cstddef>
#include <cstdint>

#include "statistics/value_histogram.h"

namespace rangefinder::statistics::simd {

/// How often a key was counted. Two bytes, so that few cache lines hold what a tensor touches.
using KeyCount = uint16_t;

/// So many keys are counted at a time.
inline constexpr size_t kGroup = 8;

inline uint32_t key_of(uint16_t key) { return key; }
inline uint32_t key_of(float value) { return ValueHistogram::key_of(value); }

/// One count for each of kGroup keys, given as such or by the values that they belong to.
///
/// Equal keys are added at once: in a run of equal values each increment would wait for the store
/// of the one before.
template <typename T>
inline void count_group(const T* __restrict group, KeyCount* __restrict counts) {
  const uint32_t first = key_of(group[0]);
  if (first == key_of(group[kGroup - 1])) {
    size_t equal = 1;
    while (equal < kGroup && key_of(group[equal]) == first) ++equal;
    if (equal == kGroup) {
      counts[first] = static_cast<KeyCount>(counts[first] + kGroup);
      return;
    }
  }
  for (size_t i = 0; i < kGroup; ++i) ++counts[key_of(group[i])];
}

}  // namespace rangefinder::statistics::simd
