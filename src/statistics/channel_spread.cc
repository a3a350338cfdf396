#include "statistics/channel_spread.h"

#include <algorithm>
#include <bit>
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

}  // namespace

void ChannelSpread::resize(size_t channels) {
  min_.assign(channels, kInfinity);
  max_.assign(channels, -kInfinity);
  zeros_.assign(channels, 0);
}

void ChannelSpread::add(std::span<const float> rows, size_t channels) {
  if (rows.empty()) return;
  if (channels == 0 || rows.size() % channels != 0) {
    throw std::invalid_argument("values are no whole number of rows");
  }
  if (channel_count() == 0) resize(channels);
  require_channels(channel_count(), channels);
  for (size_t i = 0; i < rows.size(); i += channels) {
    for (size_t c = 0; c < channels; ++c) count(rows[i + c], c);
  }
}

void ChannelSpread::count(float value, size_t channel) {
  const uint32_t exponent = exponent_of(value);
  if (exponent == kNonfiniteExponent) return;
  // Subnormals are zeros, so that a thread that treats them so finds the same.
  if (exponent == 0) value = 0;
  min_[channel] = std::min(min_[channel], value);
  max_[channel] = std::max(max_[channel], value);
  const int octave = static_cast<int>(exponent) - kExponentBias - kLowestOctave;
  if (octave < 0) {
    ++zeros_[channel];
    return;
  }
  auto& counts = octaves_[std::min(static_cast<size_t>(octave), kOctaveCount - 1)];
  if (counts.empty()) counts.assign(channel_count() * kSlots, 0);
  ++counts[channel * kSlots + slot_of(value)];
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
