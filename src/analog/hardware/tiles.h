#pragma once

#include <cstdint>
#include <vector>

namespace rangefinder::analog {

/// Neighbouring columns of a weight matrix that one tile holds: [begin, end).
struct ColumnRange {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t width() const { return end - begin; }
  bool operator==(const ColumnRange&) const = default;
};

/// Cuts `inputs` columns into ceil(inputs / max_input_size) tiles as even as possible, the larger
/// ones first: 257 by 256 gives 129 and 128. max_input_size <= 0 gives one tile.
/// Throws std::invalid_argument unless inputs > 0.
std::vector<ColumnRange> balanced_slices(int64_t inputs, int64_t max_input_size);

}  // namespace rangefinder::analog
