#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rangefinder::refine {

/// Rows of a matrix of activations as a kernel reads them: a code less `zero` is the real value
/// over the scale, exactly 0 for a real 0.
struct CodeRows {
  size_t columns = 0;
  /// Row by row.
  std::vector<uint8_t> codes = {};
  int zero = 0;

  size_t row_count() const { return columns == 0 ? 0 : codes.size() / columns; }
};

}  // namespace rangefinder::refine
