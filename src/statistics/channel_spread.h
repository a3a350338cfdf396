#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/counter.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::statistics {

/// How widely the values of each channel of a tensor spread: exact extremes, and counts in coarse
/// log-linear buckets (sign, exponent, kMantissaBits of the mantissa).
///
/// What the tensor would be if each channel were multiplied by a power of two follows from that
/// without another pass: buckets move by whole octaves (docs/numerics/smoothing.md, equation 7).
/// The state depends on the multiset of rows, or of planes, alone; merge() is exact. NaN and
/// infinity are left out. Values below 2^-24 count as zeros, those from 2^40 on into the last
/// octave. Cost: an increment per value that is counted; memory 64 bytes per channel and octave
/// that was touched. A regular value with laws: see tests/statistics/laws_test.cc.
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
  /// [batch][channels][inner] or, with a block, [batch][ceil(channels / block)][inner][block],
  /// where the lanes behind the last channel are padding. Of more than 256 values of a channel that
  /// lie together about so many are counted, evenly apart, where all are finite; extremes are those
  /// of all. Throws std::invalid_argument unless values and layout fit, or if the channels are
  /// others than before.
  void add(std::span<const float> values, const ChannelLayout& layout, size_t block = 0);
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
  /// Values of some channels that lie side by side: value i of lane k at i * lanes + k.
  struct Planes {
    std::span<const float> values;
    /// The channel of the first lane, and how many lanes are channels.
    size_t first = 0;
    size_t channels = 1;
  };

  /// Before values of so many channels are counted. Throws as add() does.
  void expect(size_t channels);
  /// False if it is not finite.
  bool count(float value, size_t channel);
  template <size_t kLanes>
  void add_planes(const Planes& planes);
  void add_one_by_one(const Planes& planes, size_t lanes);
  std::vector<uint64_t>& counts_of(size_t octave);

  std::vector<float> min_ = {};
  std::vector<float> max_ = {};
  std::vector<uint64_t> zeros_ = {};
  std::array<std::vector<uint64_t>, kOctaveCount> octaves_ = {};
};

}  // namespace rangefinder::statistics
