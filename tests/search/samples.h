#pragma once

#include <string>
#include <vector>

#include "statistics/tensor_statistics.h"

namespace rangefinder::search {

struct Sample {
  std::string name;
  std::vector<float> values;
};

/// The distributions that every search is measured on, `size` values each, always the same.
std::vector<Sample> samples(size_t size);

statistics::TensorStatistics observed(const std::vector<float>& values);

}  // namespace rangefinder::search
