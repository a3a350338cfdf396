#include "base/median.h"

#include <algorithm>
#include <cstddef>

namespace rangefinder {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace rangefinder
