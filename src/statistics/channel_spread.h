#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/tensor_statistics.h"

namespace rangefinder::statistics {

/// How widely the values of each channel of a tensor spread: exact extremes, and counts in coarse
/// log-linear buckets (sign, exponent, kMantissaBits of the mantissa).
///
/// What the tensor would be if each channel were multiplied by a power of two follows from that
/// without another pass: buckets move by whole octaves (docs/numerics/smoothing.md, equation 7).
/// The state depends on the multiset of rows alone; merge() is exact. NaN and infinity are left
/// out. Values below 2^-24 count as zeros, those from 2^40 on into the last octave.
/// Cost: an increment per value; memory 64 bytes per channel and octave that was touched.
/// A regular value with laws: see tests/statistics/laws_test.cc.
class ChannelSpread {
 public:
  static constexpr int kMantissaBits = 2;
  /// Buckets of one octave: positive ones ascending with the magnitude, then negative ones.
  static constexpr size_t kSlots = size_t{2} << kMantissaBits;
  /// 2^kLowestOctave <= |x| < 2^(kLowestOctave + 1) is octave 0.
  static constexpr int kLowestOctave = -24;
  static constexpr size_t kOctaveCount = 64;

  /// Rows of one value for each channel, one behind the other. Throws std::invalid_argument if
  /// their number is no whole one, or the channels are others than before.
  void add(std::span<const float> rows, size_t channels);
  /// Throws std::invalid_argument if the numbers of channels differ, Error if more was counted than
  /// can be.
  void merge(const ChannelSpread& other);

  /// 0 before the first row.
  size_t channel_count() const { return zeros_.size(); }
  /// Finite values, of all channels.
  uint64_t value_count() const;
  /// Smallest and largest finite value of a channel; +infinity and -infinity if it has none.
  float min(size_t channel) const { return min_.at(channel); }
  float max(size_t channel) const { return max_.at(channel); }
  uint64_t zero_count(size_t channel) const { return zeros_.at(channel); }
  /// kSlots counts; empty if no channel has a value in this octave.
  std::span<const uint64_t> counts(size_t octave, size_t channel) const;

  /// For a file: all parts, see there. Throws std::invalid_argument unless they fit each other.
  struct Parts {
    std::vector<float> min = {};
    std::vector<float> max = {};
    std::vector<uint64_t> zeros = {};
    /// Each empty, or kSlots counts for each channel, not all of them 0.
    std::array<std::vector<uint64_t>, kOctaveCount> octaves = {};
  };
  static ChannelSpread restore(Parts parts);

  bool operator==(const ChannelSpread&) const = default;

 private:
  void resize(size_t channels);
  void count(float value, size_t channel);

  std::vector<float> min_ = {};
  std::vector<float> max_ = {};
  std::vector<uint64_t> zeros_ = {};
  std::array<std::vector<uint64_t>, kOctaveCount> octaves_ = {};
};

}  // namespace rangefinder::statistics
