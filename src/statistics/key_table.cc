#include "statistics/key_table.h"

#include <algorithm>
#include <bit>

namespace rangefinder::statistics {
namespace {

constexpr uint32_t kOctavesPerSign = ValueHistogram::kOctaveCount / 2;

/// The octave of a value within its sign, or -1 unless the value has that sign and is not zero.
/// By bits: a thread that treats subnormals as zero must find them all the same.
int octave_of(float value, bool negative) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (bits << 1 == 0 || (bits >> 31 != 0) != negative) return -1;
  return static_cast<int>((bits & 0x7FFFFFFFu) >> 23);
}

}  // namespace

KeyTable::KeyTable() : cells_(ValueHistogram::kOctaveCount * ValueHistogram::kBucketsPerOctave) {}

void KeyTable::add(std::span<const uint32_t> keys) { add_keys(keys); }
void KeyTable::add(std::span<const uint16_t> keys) { add_keys(keys); }

template <typename Key>
void KeyTable::add_keys(std::span<const Key> keys) {
  static_assert(kLanes == 4);
  pending_ += keys.size();
  const size_t whole = keys.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    ++cells_[keys[i]][0];
    ++cells_[keys[i + 1]][1];
    ++cells_[keys[i + 2]][2];
    ++cells_[keys[i + 3]][3];
  }
  for (size_t i = whole; i < keys.size(); ++i) ++cells_[keys[i]][0];
}

void KeyTable::flush(const Extrema& extrema, ValueHistogram& into) {
  const int positive = octave_of(extrema.max, false);
  const int negative = octave_of(extrema.min, true);
  for (int octave = std::max(positive, negative); octave >= 0 && pending_ != 0; --octave) {
    const auto index = static_cast<uint32_t>(octave);
    if (octave <= positive) pending_ -= move_octave(index, into);
    if (octave <= negative) pending_ -= move_octave(index + kOctavesPerSign, into);
  }
}

uint64_t KeyTable::move_octave(uint32_t index, ValueHistogram& into) {
  constexpr uint32_t kBuckets = ValueHistogram::kBucketsPerOctave;
  const std::span<Cell, kBuckets> cells(cells_.data() + size_t{index} * kBuckets, kBuckets);
  std::array<uint64_t, kBuckets> sums;
  uint64_t total = 0;
  for (uint32_t k = 0; k < kBuckets; ++k) {
    const Cell& cell = cells[k];
    sums[k] = uint64_t{cell[0]} + cell[1] + cell[2] + cell[3];
    total += sums[k];
  }
  if (total == 0) return 0;
  into.add_octave(index, sums);
  std::ranges::fill(cells, Cell{});
  return total;
}

}  // namespace rangefinder::statistics
