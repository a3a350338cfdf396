#pragma once

#include <vector>

namespace rangefinder {

/// The upper one of the two in the middle where there are two. `values` must not be empty.
double median(std::vector<double> values);

}  // namespace rangefinder
