#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "statistics/batch_figures.h"
#include "statistics/channel_spread.h"
#include "statistics/channel_sums.h"
#include "statistics/row_top.h"
#include "statistics/sample_set.h"
#include "statistics/tensor_statistics.h"
#include "tensor/element_type.h"

namespace rangefinder::statistics {

/// What was observed of one tensor of a model.
struct ObservedTensor {
  std::string name;
  /// As observed in the model, before any conversion.
  tensor::ElementType type = tensor::ElementType::kFloat32;
  /// Empty: all values together.
  std::optional<uint32_t> channel_axis = {};
  /// One entry, or one per channel along the axis; none while no sample was seen.
  std::vector<TensorStatistics> channels = {};
  /// For methods that look at rows, and the axis along which those lie; see row_top.h.
  std::optional<RowTop> row_top = {};
  int64_t row_axis = -1;
  /// As many as channels, or none if not asked for.
  std::vector<BatchFigures> batch_figures = {};
  /// For the mean input of weights: the axis of its channels, from the back if negative, none if
  /// not asked for, and their sums. A tensor may be here for these alone: then nothing else was
  /// asked for.
  std::optional<int64_t> sum_axis = {};
  ChannelSums channel_sums = {};
  bool holds_sums_alone = false;
  /// For smoothing: what was seen of the channels, along the axis that the model says; none if not
  /// asked for.
  std::optional<ChannelSpread> spread = {};

  bool operator==(const ObservedTensor&) const = default;
};

/// Everything a calibration run leaves behind: the content of a statistics file (.rfs).
///
/// A regular value: merging the files of all shards of a run gives the file of the whole run, byte
/// for byte, in any order. Format: docs/formats/statistics.md.
struct StatisticsFile {
  /// Of the model that ran, and of what was observed how: only files that agree in both merge.
  uint64_t model_fingerprint = 0;
  uint64_t plan_fingerprint = 0;
  /// The samples seen, by the fingerprint of the data set they are an index into.
  std::map<uint64_t, SampleSet> samples = {};
  /// Of a data set of which a shard was seen: the samples that all shards see together. None where
  /// those were seen, so that the shards of a run merge to what one process leaves.
  std::map<uint64_t, SampleSet> whole = {};
  /// In the order of the plan.
  std::vector<ObservedTensor> tensors = {};

  uint64_t sample_count() const;
  /// Of each data set the samples that other shards see: none if nothing is missing.
  std::map<uint64_t, SampleSet> missing() const;

  /// Adds the samples of `other`; afterwards this is what one run over both would have left.
  /// Throws Error and changes nothing if the two do not belong together: another model or plan,
  /// other tensors, or samples seen by both. `other_file` is for the message.
  void merge(const StatisticsFile& other, const std::string& other_file = {});

  bool operator==(const StatisticsFile&) const = default;
};

/// The bytes of a file. Equal values give equal bytes.
/// Throws std::invalid_argument if batch_figures and channels of a tensor differ in number, or a
/// tensor that is said to hold sums alone holds more or less.
/// std::invalid_argument if `whole` names a data set without more samples than were seen.
std::string serialize(const StatisticsFile& content);

/// The inverse of serialize(). Throws Error naming `file` and the reason: not a statistics file,
/// another format version, truncated, damaged, or holding statistics this version does not know.
StatisticsFile parse_statistics(std::string_view bytes, const std::string& file);

/// Both throw Error as parse_statistics(), read_file() and write_file() do.
StatisticsFile read_statistics(const std::filesystem::path& path);
void write_statistics(const std::filesystem::path& path, const StatisticsFile& content);

}  // namespace rangefinder::statistics
