#include "analog/magnitude_counts.h"

#include <algorithm>
#include <cstring>

namespace rangefinder::analog {
namespace {

constexpr int kShift = statistics::ValueHistogram::kShift;
constexpr uint32_t kMagnitudeMask = 0x7fffffffu;

uint32_t magnitude_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits & kMagnitudeMask;
}

}  // namespace

MagnitudeCounts::MagnitudeCounts() : tables_(size_t{kKeyCount} * kTableCount, 0) {}

void MagnitudeCounts::add(const float* values, uint32_t weight, size_t length) {
  uint32_t largest = largest_bits_;
  for (size_t i = 0; i < length; ++i) {
    const uint32_t bits = magnitude_bits(values[i]);
    largest = std::max(largest, bits);
    tables_[(bits >> kShift) * kTableCount + i % kTableCount] += weight;
  }
  largest_bits_ = largest;
}

void MagnitudeCounts::add(const float* values, const uint32_t* weights, size_t length) {
  uint32_t largest = largest_bits_;
  for (size_t i = 0; i < length; ++i) {
    const uint32_t bits = weights[i] == 0 ? 0 : magnitude_bits(values[i]);
    largest = std::max(largest, bits);
    tables_[(bits >> kShift) * kTableCount + i % kTableCount] += weights[i];
  }
  largest_bits_ = largest;
}

void MagnitudeCounts::count(const ActivationMatrix& activations, size_t slice) {
  clear();
  activations.for_each_run(
      slice, [&](const float* values, const uint32_t* weights, uint32_t uniform, size_t length) {
        weights == nullptr ? add(values, uniform, length) : add(values, weights, length);
      });
  entry_count_ = activations.entry_count(slice);
  const auto seen = static_cast<int64_t>(occurrences(0));
  zero_count_ = static_cast<uint64_t>(seen + activations.unseen_zero_count(slice));
  nonzero_count_ = entry_count_ - zero_count_;
}

uint64_t MagnitudeCounts::occurrences(uint32_t key) const {
  const uint64_t* counts = tables_.data() + size_t{key} * kTableCount;
  return counts[0] + counts[1] + counts[2] + counts[3];
}

void MagnitudeCounts::clear() {
  const auto clear_key = [&](uint32_t key) {
    std::fill_n(tables_.data() + size_t{key} * kTableCount, kTableCount, 0);
  };
  uint64_t left = nonzero_count_;
  for (uint32_t key = largest_bits_ >> kShift; left > 0; --key) {
    left -= occurrences(key);
    clear_key(key);
  }
  clear_key(0);
  largest_bits_ = 0;
  nonzero_count_ = 0;
}

std::optional<MagnitudeCounts::Place> MagnitudeCounts::find(uint64_t above) const {
  uint64_t passed = 0;
  if (above >= nonzero_count_) return std::nullopt;
  uint32_t key = largest_bits_ >> kShift;
  while (passed + occurrences(key) <= above) passed += occurrences(key--);
  return Place{key, passed};
}

void MagnitudeCounts::add_to(statistics::ValueHistogram& histogram) const {
  histogram.add_zeros(zero_count_);
  uint64_t left = nonzero_count_;
  for (uint32_t key = largest_bits_ >> kShift; left > 0; --key) {
    const uint64_t count = occurrences(key);
    if (count > 0) histogram.add_key(key, count);
    left -= count;
  }
}

}  // namespace rangefinder::analog
