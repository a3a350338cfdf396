#include "statistics/channel_spread.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "statistics/counts.h"

namespace rangefinder::statistics {
namespace {

constexpr int kExponentBias = 127;
constexpr uint32_t kNonfiniteExponent = 255;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

uint32_t exponent_of(float value) { return (std::bit_cast<uint32_t>(value) >> 23) & 0xFF; }

/// Subnormals are zeros, so that a thread that treats them so finds the same.
float without_subnormal(float value) { return exponent_of(value) == 0 ? 0.0f : value; }

size_t slot_of(float value) {
  constexpr uint32_t kMask = (1u << ChannelSpread::kMantissaBits) - 1;
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t mantissa = (bits >> (23 - ChannelSpread::kMantissaBits)) & kMask;
  return ((bits >> 31) << ChannelSpread::kMantissaBits) | mantissa;
}

void require_channels(size_t wanted, size_t found) {
  if (wanted != found) throw std::invalid_argument("another number of channels than before");
}

uint64_t total(std::span<const uint64_t> counts) {
  uint64_t sum = 0;
  for (const uint64_t count : counts) sum += count;
  return sum;
}

/// So many values of a plane are counted at most, evenly apart.
constexpr size_t kMostOfPlane = 256;

/// Odd, for planes have even sides, and all values of a column would be no fair choice.
size_t stride_of(size_t inner) { return (inner + kMostOfPlane - 1) / kMostOfPlane | 1; }

/// The smallest and the largest of values that lie kLanes apart, for each of the lanes. NaN is left
/// out, infinity is not.
template <size_t kLanes>
struct LaneExtremes {
  using Lanes = std::array<float, kLanes>;
  Lanes smallest;
  Lanes largest;

  explicit LaneExtremes(std::span<const float> values) {
    smallest.fill(kInfinity);
    largest.fill(-kInfinity);
    const size_t whole = values.size() / kLanes * kLanes;
    // Four vectors at a time stay in registers.
    constexpr size_t kTogether = std::min<size_t>(kLanes, 16);
    for (size_t first = 0; first < kLanes; first += kTogether) {
      add<kTogether>(values.data() + first, whole, &smallest[first], &largest[first]);
    }
    for (size_t i = whole; i < values.size(); ++i) {
      add<1>(&values[i], kLanes, &smallest[i - whole], &largest[i - whole]);
    }
  }

 private:
  template <size_t kTogether>
  static void add(const float* values, size_t size, float* smallest, float* largest) {
    std::array<float, kTogether> low;
    std::array<float, kTogether> high;
    std::copy_n(smallest, kTogether, low.begin());
    std::copy_n(largest, kTogether, high.begin());
    for (size_t i = 0; i < size; i += kLanes) {
      for (size_t lane = 0; lane < kTogether; ++lane) {
        const float value = values[i + lane];
        low[lane] = value < low[lane] ? value : low[lane];
        high[lane] = value > high[lane] ? value : high[lane];
      }
    }
    std::copy_n(low.begin(), kTogether, smallest);
    std::copy_n(high.begin(), kTogether, largest);
  }
};

}  // namespace

void ChannelSpread::expect(size_t channels) {
  if (channel_count() == 0) {
    min_.assign(channels, kInfinity);
    max_.assign(channels, -kInfinity);
    zeros_.assign(channels, 0);
  }
  require_channels(channel_count(), channels);
}

void ChannelSpread::add(std::span<const float> rows, size_t channels) {
  if (rows.empty()) return;
  if (channels == 0 || rows.size() % channels != 0) {
    throw std::invalid_argument("values are no whole number of rows");
  }
  expect(channels);
  for (size_t i = 0; i < rows.size(); i += channels) {
    for (size_t c = 0; c < channels; ++c) count(rows[i + c], c);
  }
}

void ChannelSpread::add(std::span<const float> values, const ChannelLayout& layout, size_t block) {
  const size_t lanes = std::max<size_t>(1, block);
  const size_t blocks = (layout.channels + lanes - 1) / lanes;
  if (values.size() != layout.batch * blocks * lanes * layout.inner) {
    throw std::invalid_argument("values do not fit the layout");
  }
  if (values.empty()) return;
  if (block == 0 && layout.inner == 1) return add(values, layout.channels);
  expect(layout.channels);
  const size_t size = lanes * layout.inner;
  for (size_t i = 0; i < layout.batch * blocks; ++i) {
    const size_t first = i % blocks * lanes;
    const Planes planes{values.subspan(i * size, size), first,
                        std::min(lanes, layout.channels - first)};
    switch (lanes) {
      case 1:
        add_planes<1>(planes);
        break;
      case 8:
        add_planes<8>(planes);
        break;
      case 16:
        add_planes<16>(planes);
        break;
      default:
        add_one_by_one(planes, lanes);
    }
  }
}

void ChannelSpread::add_one_by_one(const Planes& planes, size_t lanes) {
  std::vector<float> plane(planes.values.size() / lanes);
  for (size_t lane = 0; lane < planes.channels; ++lane) {
    for (size_t i = 0; i < plane.size(); ++i) plane[i] = planes.values[i * lanes + lane];
    add_planes<1>({plane, planes.first + lane, 1});
  }
}

// Extremes are those of all values, which costs next to nothing; counts are those of some.
template <size_t kLanes>
void ChannelSpread::add_planes(const Planes& planes) {
  const size_t inner = planes.values.size() / kLanes;
  const size_t stride = stride_of(inner);
  if (stride == 1) {
    for (size_t i = 0; i < planes.values.size(); i += kLanes) {
      for (size_t k = 0; k < planes.channels; ++k) count(planes.values[i + k], planes.first + k);
    }
    return;
  }
  // A single plane is looked at in as many lanes as a vector has.
  constexpr size_t kParts = kLanes == 1 ? 16 : 1;
  const LaneExtremes<kLanes * kParts> extremes(planes.values);
  for (size_t lane = 0; lane < planes.channels; ++lane) {
    const auto part = [&](const auto& all) { return std::span(all).subspan(lane, kParts); };
    const float smallest = *std::ranges::min_element(part(extremes.smallest));
    const float largest = *std::ranges::max_element(part(extremes.largest));
    const size_t channel = planes.first + lane;
    const auto count_every = [&](size_t step) {
      bool any = false;
      for (size_t i = 0; i < inner; i += step) {
        any = count(planes.values[i * kLanes + lane], channel) || any;
      }
      return any;
    };
    if (!std::isfinite(smallest) || !std::isfinite(largest) || !count_every(stride)) {
      count_every(1);
      continue;
    }
    min_[channel] = std::min(min_[channel], without_subnormal(smallest));
    max_[channel] = std::max(max_[channel], without_subnormal(largest));
  }
}

std::vector<uint64_t>& ChannelSpread::counts_of(size_t octave) {
  auto& counts = octaves_[octave];
  if (counts.empty()) counts.assign(channel_count() * kSlots, 0);
  return counts;
}

bool ChannelSpread::count(float value, size_t channel) {
  const uint32_t exponent = exponent_of(value);
  if (exponent == kNonfiniteExponent) return false;
  value = without_subnormal(value);
  min_[channel] = std::min(min_[channel], value);
  max_[channel] = std::max(max_[channel], value);
  const int octave = static_cast<int>(exponent) - kExponentBias - kLowestOctave;
  if (octave < 0) {
    ++zeros_[channel];
    return true;
  }
  auto& counts = counts_of(std::min(static_cast<size_t>(octave), kOctaveCount - 1));
  ++counts[channel * kSlots + slot_of(value)];
  return true;
}

void ChannelSpread::merge(const ChannelSpread& other) {
  if (other.channel_count() == 0) return;
  if (channel_count() == 0) {
    *this = other;
    return;
  }
  require_channels(channel_count(), other.channel_count());
  add_counts(value_count(), other.value_count());
  for (size_t c = 0; c < channel_count(); ++c) {
    min_[c] = std::min(min_[c], other.min_[c]);
    max_[c] = std::max(max_[c], other.max_[c]);
    zeros_[c] += other.zeros_[c];
  }
  for (size_t o = 0; o < kOctaveCount; ++o) {
    const auto& from = other.octaves_[o];
    if (from.empty()) continue;
    octaves_[o].resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) octaves_[o][i] += from[i];
  }
}

uint64_t ChannelSpread::value_count() const {
  uint64_t sum = total(zeros_);
  for (const auto& octave : octaves_) sum += total(octave);
  return sum;
}

std::span<const uint64_t> ChannelSpread::counts(size_t octave, size_t channel) const {
  const auto& counts = octaves_.at(octave);
  if (counts.empty()) return {};
  return std::span(counts).subspan(channel * kSlots, kSlots);
}

ChannelSpread ChannelSpread::restore(Parts parts) {
  ChannelSpread spread;
  spread.min_ = std::move(parts.min);
  spread.max_ = std::move(parts.max);
  spread.zeros_ = std::move(parts.zeros);
  spread.octaves_ = std::move(parts.octaves);
  const size_t channels = spread.channel_count();
  require_channels(channels, spread.min_.size());
  require_channels(channels, spread.max_.size());
  for (const auto& octave : spread.octaves_) {
    if (octave.empty()) continue;
    require_channels(channels * kSlots, octave.size());
    if (total(octave) == 0) throw std::invalid_argument("an octave without values");
  }
  for (size_t c = 0; c < channels; ++c) {
    uint64_t values = spread.zeros_[c];
    for (size_t o = 0; o < kOctaveCount; ++o) values += total(spread.counts(o, c));
    const bool has_range = spread.min_[c] <= spread.max_[c] && exponent_of(spread.min_[c]) < 255 &&
                           exponent_of(spread.max_[c]) < 255;
    const bool is_empty = spread.min_[c] == kInfinity && spread.max_[c] == -kInfinity;
    if (values > 0 ? !has_range : !is_empty) {
      throw std::invalid_argument("a channel's range does not fit its counts");
    }
  }
  return spread;
}

}  // namespace rangefinder::statistics
