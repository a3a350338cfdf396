#include "analog/hardware/tiles.h"

#include <stdexcept>
#include <string>

namespace rangefinder::analog {

std::vector<ColumnRange> balanced_slices(int64_t inputs, int64_t max_input_size) {
  if (inputs <= 0) {
    throw std::invalid_argument("a layer has " + std::to_string(inputs) + " inputs; allowed: 1 up");
  }
  const int64_t count =
      max_input_size <= 0 ? 1 : inputs / max_input_size + (inputs % max_input_size != 0 ? 1 : 0);
  std::vector<ColumnRange> slices;
  int64_t begin = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t width = inputs / count + (i < inputs % count ? 1 : 0);
    slices.push_back({begin, begin + width});
    begin += width;
  }
  return slices;
}

}  // namespace rangefinder::analog
