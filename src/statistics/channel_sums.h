#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/exact_sum.h"

namespace rangefinder::statistics {

/// What was added up of one entry of a batch: for each channel an integer in units of 2^exponent.
struct EntrySums {
  int exponent = 0;
  /// Values of each channel.
  uint64_t value_count = 0;
  std::span<const int64_t> sums = {};
};

/// Sums of a tensor's values for each channel, over all samples: its mean input to each channel of
/// weights. Kept apart for kPartCount parts of the samples, so that one sees how far the means are
/// to be trusted.
///
/// Which part an entry belongs to follows from its own sums alone (a hash of them), and the sums
/// are exact, so that the order of entries, split and merge make no difference, bit for bit; the
/// same sample twice is in one part. Source: docs/numerics/moments.md.
/// A regular value with laws: see tests/statistics/laws_test.cc.
class ChannelSums {
 public:
  static constexpr size_t kPartCount = 8;

  struct Part {
    /// Values of each channel.
    uint64_t value_count = 0;
    /// One for each channel; none before the first entry.
    std::vector<ExactSum> sums = {};

    bool operator==(const Part&) const = default;
  };

  /// An entry without values changes nothing. Throws std::invalid_argument if the number of
  /// channels is another than before.
  void add(const EntrySums& entry);
  /// Throws std::invalid_argument if the numbers of channels differ, Error if more was counted than
  /// can be.
  void merge(const ChannelSums& other);

  /// 0 before the first entry.
  size_t channel_count() const;
  /// Values of each channel, in all parts.
  uint64_t value_count() const;
  const std::array<Part, kPartCount>& parts() const { return parts_; }
  /// Throws std::invalid_argument if the parts differ in their channels.
  static ChannelSums restore(std::array<Part, kPartCount> parts);

  bool operator==(const ChannelSums&) const = default;

 private:
  std::array<Part, kPartCount> parts_ = {};
};

}  // namespace rangefinder::statistics
