#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/page.h"
#include "report/summary.h"
#include "statistics/statistics_file.h"

namespace rangefinder::report {

/// What a run could have left: tensors of these names in a row, each made by a convolution from the
/// one before, one of them float; the fourth convolution is timed with the third, the second is
/// slower in int8.
Summary example_summary(const std::vector<std::string>& tensors);
/// Their statistics: normal values, of every third tensor none below zero, of every fifth with a
/// far outlier. Every fourth has extremes of 600 channels.
statistics::StatisticsFile example_statistics(const std::vector<std::string>& tensors,
                                              size_t values = 4000);

/// x, conv_1, ..., as many as asked for.
std::vector<std::string> example_names(size_t count);
/// Names that would be markup, end the script, fill the template, or are no UTF-8.
std::vector<std::string> hostile_names();

/// A run with the ranges of its tensors as minmax finds them; `statistics` may be null.
PageRun example_run(const std::vector<std::string>& tensors,
                    const statistics::StatisticsFile* statistics);

/// What the ranges of an analog network, `analog compare` and `compare` leave.
nlohmann::ordered_json example_ranges();
nlohmann::ordered_json example_analog_comparison();
nlohmann::ordered_json example_comparison();

}  // namespace rangefinder::report
