#pragma once

#include <cstddef>
#include <string>

#include "rangefinder/inspect.h"

namespace rangefinder::report {

using rangefinder::HistogramInspection;
using rangefinder::TensorHistogram;

/// A distribution for a terminal: a bar of Unicode blocks for each octave of magnitudes, from the
/// most negative values over zero to the largest, with its count and share. A bar's length goes
/// with the logarithm of the count, and is as long as `columns` leave room for, 8 at least.
std::string text_chart(const TensorHistogram& histogram, size_t columns);

/// One line for each bucket, below a heading: tensor, lower, upper, count. Numbers restore the
/// values; names are printable() and, where they must be, quoted as RFC 4180 says.
std::string to_csv(const HistogramInspection& inspection);
/// One line for each tensor.
std::string to_csv(const rangefinder::StatisticsInspection& inspection);

}  // namespace rangefinder::report
