#include "analog/ranges/magnitude_counts.h"

#include <algorithm>
#include <utility>

#include "statistics/simd/sweep.h"

namespace rangefinder::analog {
namespace {

constexpr int kShift = statistics::ValueHistogram::kShift;
constexpr uint32_t kMagnitudeMask = 0x7fffffffu;
constexpr uint32_t kKeyMask = 0x7fffu;
constexpr size_t kBlock = statistics::simd::kBlockValues;
/// Shorter stretches of elements that occur equally often wait for others.
constexpr size_t kLongRun = 128;

/// By their bits, one of the largest positive and the largest negative value has it.
uint32_t largest_magnitude(const statistics::simd::BlockSummary& summary) {
  const auto positive = static_cast<uint32_t>(std::max(summary.signed_max, 0));
  return std::max(positive, summary.unsigned_max & kMagnitudeMask);
}

}  // namespace

MagnitudeCounts::MagnitudeCounts()
    : cells_(kKeyCount), keys_(kBlock + statistics::simd::kKeyPadding), waiting_(kMostWaiting) {}

void MagnitudeCounts::reserve(uint64_t occurrences) {
  pending_ += occurrences;
  if (pending_ <= UINT32_MAX) return;
  overflow_.resize(kKeyCount, 0);
  for (uint32_t key = 0; key < kKeyCount; ++key) {
    for (uint32_t& count : cells_[key]) overflow_[key] += std::exchange(count, 0);
  }
  pending_ = occurrences;
}

void MagnitudeCounts::count_block(std::span<const float> values, uint32_t weight) {
  const auto summary = statistics::simd::compress_keys(values, keys_.data());
  largest_bits_ = std::max(largest_bits_, largest_magnitude(summary));
  reserve(uint64_t{weight} * summary.key_count);
  nonzero_count_ += uint64_t{weight} * summary.key_count;
  size_t i = 0;
  for (; i + kTableCount <= summary.key_count; i += kTableCount) {
    for (size_t j = 0; j < kTableCount; ++j) cells_[keys_[i + j] & kKeyMask][j] += weight;
  }
  for (; i < summary.key_count; ++i) cells_[keys_[i] & kKeyMask][0] += weight;
}

void MagnitudeCounts::add(std::span<const float> values, uint32_t weight) {
  // Such that the occurrences of a block fit the cells.
  const size_t most = std::clamp<size_t>(UINT32_MAX / weight, 1, kBlock);
  for (size_t begin = 0; begin < values.size(); begin += most) {
    count_block(values.subspan(begin, std::min(most, values.size() - begin)), weight);
  }
}

void MagnitudeCounts::put_aside(std::span<const float> values, uint32_t weight) {
  if (weight >= kMostWaiting || values.size() >= kLongRun) return add(values, weight);
  Waiting& waiting = waiting_[weight];
  if (waiting.count + values.size() > kBlock) count_waiting(weight);
  waiting.values.resize(kBlock);
  float* target = waiting.values.data() + waiting.count;
  // Too few for a call to pay.
  for (size_t i = 0; i < values.size(); ++i) target[i] = values[i];
  waiting.count += values.size();
}

void MagnitudeCounts::count_waiting(uint32_t weight) {
  Waiting& waiting = waiting_[weight];
  if (waiting.count > 0) count_block(std::span(waiting.values).first(waiting.count), weight);
  waiting.count = 0;
}

void MagnitudeCounts::add(const ElementRun& run) {
  if (run.weights == nullptr) return add(run.span(), run.uniform);
  for (size_t begin = 0; begin < run.positions;) {
    const uint32_t weight = run.weights[begin];
    size_t end = begin + 1;
    while (end < run.positions && run.weights[end] == weight) ++end;
    const auto values = run.span().subspan(begin * run.lanes, (end - begin) * run.lanes);
    begin = end;
    if (weight != 0) put_aside(values, weight);
  }
}

void MagnitudeCounts::count(const ActivationMatrix& activations, size_t slice) {
  clear();
  activations.for_each_run(slice, [&](const ElementRun& run) { add(run); });
  for (uint32_t weight = 0; weight < kMostWaiting; ++weight) count_waiting(weight);
  entry_count_ = activations.entry_count(slice);
  // Below 2^-133 there are no buckets.
  nonzero_count_ -= occurrences(0);
  zero_count_ = entry_count_ - nonzero_count_;
}

uint64_t MagnitudeCounts::occurrences(uint32_t key) const {
  const Cell& cell = cells_[key];
  const uint64_t more = overflow_.empty() ? 0 : overflow_[key];
  return more + cell[0] + cell[1] + cell[2] + cell[3];
}

void MagnitudeCounts::clear() {
  uint64_t left = nonzero_count_;
  for (uint32_t key = largest_bits_ >> kShift; left > 0; --key) {
    left -= occurrences(key);
    cells_[key] = {};
  }
  cells_[0] = {};
  for (auto& waiting : waiting_) waiting.count = 0;
  overflow_.clear();
  pending_ = 0;
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
  constexpr uint32_t kBuckets = statistics::ValueHistogram::kBucketsPerOctave;
  histogram.add_zeros(zero_count_);
  uint64_t left = nonzero_count_;
  for (uint32_t octave = (largest_bits_ >> kShift) / kBuckets; left > 0; --octave) {
    std::array<uint64_t, kBuckets> counts;
    uint64_t sum = 0;
    const uint32_t first = octave * kBuckets;
    for (uint32_t i = 0; i < kBuckets; ++i) {
      const Cell& cell = cells_[first + i];
      counts[i] = uint64_t{cell[0]} + cell[1] + cell[2] + cell[3];
      if (!overflow_.empty()) counts[i] += overflow_[first + i];
      // Below 2^-133 there are no buckets.
      if (first + i == 0) counts[i] = 0;
      sum += counts[i];
    }
    if (sum > 0) histogram.add_octave(octave, counts);
    left -= sum;
  }
}

}  // namespace rangefinder::analog
