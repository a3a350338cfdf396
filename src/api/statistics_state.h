#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "rangefinder/statistics.h"
#include "statistics/statistics_file.h"

namespace rangefinder {

struct Statistics::State {
  statistics::StatisticsFile content;
  /// Where they were loaded from, for messages; empty if from no file.
  std::filesystem::path file = {};
};

inline Statistics statistics_of(statistics::StatisticsFile content,
                                std::filesystem::path file = {}) {
  return Statistics(
      std::make_unique<Statistics::State>(Statistics::State{std::move(content), std::move(file)}));
}

}  // namespace rangefinder
