#pragma once

#include <bit>
#include <cstdint>

#include "statistics/value_histogram.h"

namespace rangefinder::search {

/// The histogram key of a magnitude, rounded to float32 first: where it is in a table of buckets.
inline uint32_t key_of(double magnitude) {
  return std::bit_cast<uint32_t>(static_cast<float>(magnitude)) >>
         statistics::ValueHistogram::kShift;
}

/// The lower edge of a key's bucket; 2^128 for the key after the last finite one.
inline double lower_edge(uint32_t key) {
  constexpr int kShift = statistics::ValueHistogram::kShift;
  return key >= 0x7F800000u >> kShift ? 0x1p128 : std::bit_cast<float>(key << kShift);
}

}  // namespace rangefinder::search
