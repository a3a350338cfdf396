#include "statistics/key_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <numeric>

namespace rangefinder::statistics {
namespace {

constexpr uint32_t kBuckets = ValueHistogram::kBucketsPerOctave;
constexpr size_t kKeyCount = size_t{ValueHistogram::kOctaveCount} * kBuckets;
constexpr uint32_t kOctavesPerSign = ValueHistogram::kOctaveCount / 2;
constexpr size_t kGroup = 8;
constexpr size_t kCacheLine = 64;
/// Shorter runs need few lines.
constexpr size_t kFetchRun = 2048;
/// Below the largest value's octave, of normal values one in a million lies further down.
constexpr int kFetchedOctaves = 20;

/// The octave of a value within its sign, or -1 unless the value has that sign and is not zero.
/// By bits: a thread that treats subnormals as zero must find them all the same.
int octave_of(float value, bool negative) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (bits << 1 == 0 || (bits >> 31 != 0) != negative) return -1;
  return static_cast<int>((bits & 0x7FFFFFFFu) >> 23);
}

}  // namespace

KeyTable::KeyTable() : counts_(static_cast<uint32_t*>(std::calloc(kKeyCount, sizeof(uint32_t)))) {
  if (!counts_) throw std::bad_alloc();
}

void KeyTable::fetch(size_t run_length) {
  if (run_length < kFetchRun) return;
  fetch_octaves(octave_of(covered_.max, false), 0);
  fetch_octaves(octave_of(covered_.min, true), kOctavesPerSign);
}

void KeyTable::fetch_octaves(int top, uint32_t sign_index) {
  for (int octave = std::max(0, top - kFetchedOctaves + 1); octave <= top; ++octave) {
    uint32_t* counts = &counts_[(sign_index + static_cast<size_t>(octave)) * kBuckets];
    for (size_t i = 0; i < kBuckets; i += kCacheLine / sizeof *counts) {
      // Written, not only read: the increments need the line for themselves.
      volatile uint32_t& count = counts[i];
      count = count;
    }
  }
}

void KeyTable::add(std::span<const uint32_t> keys, float min, float max) {
  uint32_t* counts = counts_.get();
  const size_t whole = keys.size() / kGroup * kGroup;
  for (size_t i = 0; i < whole; i += kGroup) {
    const uint32_t* group = &keys[i];
    // In a run of equal values each increment would wait for the store of the one before.
    if (group[0] == group[kGroup - 1] &&
        std::all_of(group, group + kGroup, [=](uint32_t key) { return key == group[0]; })) {
      counts[group[0]] += kGroup;
      continue;
    }
    for (size_t k = 0; k < kGroup; ++k) ++counts[group[k]];
  }
  for (size_t i = whole; i < keys.size(); ++i) ++counts[keys[i]];
  pending_ += keys.size();
  covered_.add_range(min, max);
}

void KeyTable::flush(ValueHistogram& into) {
  const int positive = octave_of(covered_.max, false);
  const int negative = octave_of(covered_.min, true);
  for (int octave = std::max(positive, negative); octave >= 0 && pending_ != 0; --octave) {
    const auto index = static_cast<uint32_t>(octave);
    if (octave <= positive) pending_ -= move_octave(index, into);
    if (octave <= negative) pending_ -= move_octave(index + kOctavesPerSign, into);
  }
  covered_ = {};
}

uint64_t KeyTable::move_octave(uint32_t index, ValueHistogram& into) {
  const std::span<uint32_t, kBuckets> counts(&counts_[size_t{index} * kBuckets], kBuckets);
  const auto total = std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  if (total == 0) return 0;
  std::array<uint64_t, kBuckets> wide;
  std::ranges::copy(counts, wide.begin());
  into.add_octave(index, wide);
  std::ranges::fill(counts, uint32_t{0});
  return total;
}

}  // namespace rangefinder::statistics
