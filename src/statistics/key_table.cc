#include "statistics/key_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>

#include "statistics/simd/count_group.h"

namespace rangefinder::statistics {
namespace {

constexpr uint64_t kLargestCount = std::numeric_limits<simd::KeyCount>::max();
/// A table with less room is emptied: it would soon be asked again.
constexpr uint64_t kWorthKeeping = kLargestCount / 2;
static_assert(kWorthKeeping >= simd::kBlockValues);
constexpr uint32_t kBuckets = ValueHistogram::kBucketsPerOctave;
/// One value of so many: more cost more to count and take back than to leave out [counting.md].
constexpr size_t kFewZeros = 8;
constexpr uint32_t kOctavesPerSign = ValueHistogram::kOctaveCount / 2;
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

KeyTable::KeyTable() : pages_(ValueHistogram::kKeyCount * sizeof(Count)) {}

std::span<simd::KeyCount, kBuckets> KeyTable::octave_counts(uint32_t index) const {
  return std::span<Count, kBuckets>(counts() + size_t{index} * kBuckets, kBuckets);
}

bool KeyTable::make_room_for(size_t count) {
  if (count <= room_) return true;
  const uint64_t room = kLargestCount - largest_count();
  if (room < kWorthKeeping) return false;
  room_ = room;
  return true;
}

void KeyTable::fetch(size_t run_length) {
  if (run_length < kFetchRun) return;
  fetch_octaves(octave_of(covered_.max, false), 0);
  fetch_octaves(octave_of(covered_.min, true), kOctavesPerSign);
}

void KeyTable::fetch_octaves(int top, uint32_t sign_index) {
  for (int octave = std::max(0, top - kFetchedOctaves + 1); octave <= top; ++octave) {
    const auto counts = octave_counts(sign_index + static_cast<uint32_t>(octave));
    for (size_t i = 0; i < kBuckets; i += kCacheLine / sizeof(Count)) {
      // Written, not only read: the increments need the line for themselves.
      volatile Count& count = counts[i];
      count = count;
    }
  }
}

void KeyTable::add(std::span<const uint16_t> keys, const simd::BlockSummary& found, size_t size) {
  Count* const table = counts();
  const size_t whole = keys.size() / simd::kGroup * simd::kGroup;
  for (size_t i = 0; i < whole; i += simd::kGroup) {
    simd::count_group(&keys[i], table);
  }
  for (size_t i = whole; i < keys.size(); ++i) ++table[keys[i]];
  note(found, size);
}

simd::BlockSummary KeyTable::count(std::span<const float> values) {
  const auto found = simd::count_keys(values, counts());
  if (found.all_finite()) {
    note(found, values.size());
  } else {
    for (const float value : values) {
      if (std::bit_cast<uint32_t>(value) << 1 != 0) --counts()[ValueHistogram::key_of(value)];
    }
  }
  return found;
}

void KeyTable::note(const simd::BlockSummary& found, size_t size) {
  pending_ += found.key_count;
  room_ -= found.key_count;
  covered_.add_range(found.min(), found.max());
  expects_few_zeros_ = size - found.key_count <= size / kFewZeros;
}

template <typename Visit>
void KeyTable::visit_octaves(Visit visit) const {
  const int positive = octave_of(covered_.max, false);
  const int negative = octave_of(covered_.min, true);
  bool go_on = pending_ != 0;
  for (int octave = std::max(positive, negative); octave >= 0 && go_on; --octave) {
    const auto index = static_cast<uint32_t>(octave);
    if (octave <= positive) go_on = visit(index);
    if (octave <= negative) go_on = visit(index + kOctavesPerSign);
  }
}

simd::KeyCount KeyTable::largest_count() const {
  uint64_t rest = pending_;
  Count largest = 0;
  visit_octaves([&](uint32_t index) {
    for (const Count count : octave_counts(index)) {
      rest -= count;
      largest = std::max(largest, count);
    }
    // No counter can be larger than what is left for all of them.
    return rest > largest;
  });
  return largest;
}

void KeyTable::flush(ValueHistogram& into) {
  visit_octaves([&](uint32_t index) {
    pending_ -= move_octave(index, into);
    return pending_ != 0;
  });
  covered_ = {};
  room_ = kLargestCount;
}

uint64_t KeyTable::move_octave(uint32_t index, ValueHistogram& into) {
  const auto counts = octave_counts(index);
  const auto total = std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  if (total == 0) return 0;
  std::array<uint64_t, kBuckets> wide;
  std::ranges::copy(counts, wide.begin());
  into.add_octave(index, wide);
  std::ranges::fill(counts, Count{0});
  return total;
}

}  // namespace rangefinder::statistics
