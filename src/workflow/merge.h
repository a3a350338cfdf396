#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "rangefinder/run_control.h"
#include "statistics/statistics_file.h"

namespace rangefinder::workflow {

struct MergeRequest {
  /// Statistics files, and folders whose `.rfs` files are meant.
  std::vector<std::filesystem::path> inputs = {};
  /// Empty: nothing is written.
  std::filesystem::path output = {};
  /// Samples that are missing are an error.
  bool complete = false;
  RunControl run = {};
};

struct Merged {
  statistics::StatisticsFile statistics = {};
  size_t file_count = 0;
  /// A sentence without a period for each data set of which samples are missing.
  std::vector<std::string> gaps = {};
};

/// Adds up any number of files, one in memory at a time, and writes the sum. Throws Error: a file
/// that is damaged or does not belong to the others, named; samples that are in several files,
/// naming the files, after all were read; gaps, if they are not allowed; a folder without
/// statistics. std::invalid_argument without a file. Nothing is written then.
Merged merge_files(const MergeRequest& request);

}  // namespace rangefinder::workflow
