#pragma once

#include <cstdint>

namespace rangefinder::statistics {

/// No statistic counts more than this. Counting alone never gets there; files may claim to, and
/// merging them must not wrap around.
inline constexpr uint64_t kMostCounted = uint64_t{1} << 62;

/// a + b, which must each be at most kMostCounted. Throws Error if the sum is more.
uint64_t add_counts(uint64_t a, uint64_t b);

}  // namespace rangefinder::statistics
