#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/run_control.h"

namespace rangefinder {

/// A run of neighbouring values and how many were seen: lower <= x < upper for positive values,
/// lower < x <= upper for negative ones. Zero is a bucket of its own with lower == upper == 0.
/// A bucket is at most 1/128 of its smaller magnitude wide.
struct HistogramBucket {
  double lower;
  double upper;
  uint64_t count;

  bool operator==(const HistogramBucket&) const = default;
};

/// What was seen of one tensor, all channels together.
struct ObservedValues {
  std::string name;
  /// 1 if it was observed as a whole.
  size_t channel_count = 0;
  /// Values seen, not-finite ones included.
  uint64_t count = 0;
  /// Of the finite values; both 0 if there were none.
  double min = 0;
  double max = 0;
  uint64_t zero_count = 0;
  uint64_t nan_count = 0;
  uint64_t infinity_count = 0;

  bool operator==(const ObservedValues&) const = default;
};

/// Everything that calibration remembers of a model's activations: solve any method from it, today
/// or later, here or elsewhere. A regular value; copies are deep.
///
///     auto all = rangefinder::Statistics::load("machine1.rfs");
///     all.merge(rangefinder::Statistics::load("machine2.rfs"));     // exact, in any order
///     for (const auto& bucket : all.histogram("conv1_out")) plot(bucket);
///     all.save("all.rfs");
class RANGEFINDER_API Statistics {
 public:
  /// Throw Error naming the file and the reason: not a statistics file, another format version,
  /// truncated, damaged.
  static Statistics load(const std::filesystem::path& file);
  static Statistics parse(std::string_view bytes);
  /// Adds up many files, one in memory at a time. Throws Error as load() and merge() do;
  /// std::invalid_argument without a file.
  static Statistics load_all(std::span<const std::filesystem::path> files,
                             const RunControl& control = {});

  Statistics(const Statistics& other);
  Statistics(Statistics&& other) noexcept;
  Statistics& operator=(Statistics other) noexcept;
  ~Statistics();

  /// All of it or nothing. Throws Error.
  void save(const std::filesystem::path& file) const;
  /// Equal statistics give equal bytes. Format: docs/formats/statistics.md.
  std::string bytes() const;

  /// Adds the samples of `other`; afterwards this is what one run over both would have left. Throws
  /// Error and changes nothing if the two do not belong together: another model or plan, or samples
  /// seen by both.
  void merge(const Statistics& other);

  uint64_t sample_count() const;
  /// Samples that other shards of the same run have seen and these statistics have not.
  uint64_t missing_count() const;
  /// In the order of the graph.
  std::vector<ObservedValues> tensors() const;
  /// Non-empty buckets in ascending order of value. Throws std::invalid_argument naming a tensor
  /// that was not observed.
  std::vector<HistogramBucket> histogram(std::string_view tensor) const;
  /// Tells models apart: 16 hex digits.
  std::string model_fingerprint() const;

  bool operator==(const Statistics& other) const;

  struct State;
  explicit Statistics(std::unique_ptr<State> state);
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// How many files are added up.
struct MergeOptions {
  /// Write the sum here; checked before the work. Empty: nowhere.
  std::filesystem::path output = {};
  /// Samples that are missing are an Error, and nothing is written.
  bool complete = false;
  RunControl run = {};
};

struct MergedStatistics {
  Statistics statistics;
  size_t file_count;
  /// For each data set of which samples are missing, how many and which: of shards their numbers.
  std::vector<std::string> gaps;
};

/// Adds up any number of files, or those in folders (*.rfs), in any order: one in memory at a time.
/// Throws Error: a file that is damaged or does not belong to the others; samples that are in
/// several files, naming the files; std::invalid_argument without a file.
///
///     auto [all, count, gaps] = rangefinder::merge_files({{"shards/"}}, {.output = "all.rfs"});
RANGEFINDER_API MergedStatistics merge_files(
    const std::vector<std::filesystem::path>& files_or_folders, const MergeOptions& options = {});

}  // namespace rangefinder
