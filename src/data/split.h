#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace rangefinder::data {

/// Which samples a calibration uses and which it is judged on: ascending indices, disjoint.
struct DataSplit {
  std::vector<size_t> calibration;
  std::vector<size_t> held_out;

  bool operator==(const DataSplit&) const = default;
};

/// So many samples are held out at most, unless another number is asked for: enough for a stable
/// mean error, cheap to run.
inline constexpr size_t kMaxHeldOut = 32;

/// Splits samples 0..count-1; a pure function of its arguments, so that every run, worker and
/// machine agrees.
/// - With `samples_limit`: calibration is the first min(limit, count), as asked for; held out are
///   up to `most_held_out` of the others, evenly spaced; none if there are no others.
/// - Without: one in ten (the 10th, 20th, ...) is held out, fewer where that would be more than
///   `most_held_out`; of 2 to 9 samples the last one; a single sample is not split.
/// - Nothing is held out where `most_held_out` is 0.
/// Whoever reports errors must say so when `held_out` is empty.
/// Throws std::invalid_argument if count or the limit is 0.
DataSplit split_held_out(size_t count, std::optional<size_t> samples_limit,
                         size_t most_held_out = kMaxHeldOut);

/// The part of a data set that one of several machines observes.
struct Shard {
  size_t index = 0;
  size_t count = 1;

  bool operator==(const Shard&) const = default;
};

/// "K/N" with 0 <= K < N. Throws std::invalid_argument.
Shard parse_shard(std::string_view text);

/// The indices at positions index, index + count, ... of `indices`; the shards of one count are
/// disjoint and together everything. Throws std::invalid_argument unless index < count.
std::vector<size_t> select_shard(const std::vector<size_t>& indices, const Shard& shard);

}  // namespace rangefinder::data
