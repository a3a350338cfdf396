#include "statistics/value_histogram.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace rangefinder::statistics {
namespace {

constexpr uint32_t kSignOctave = ValueHistogram::kOctaveCount / 2;

/// The bucket of a key's magnitude, for the positive side.
Bucket positive_bucket(uint32_t key, uint64_t count) {
  const auto edge = [](uint32_t k) {
    return static_cast<double>(std::bit_cast<float>(k << ValueHistogram::kShift));
  };
  const uint32_t last = 0x7F800000u >> ValueHistogram::kShift;
  return {edge(key), key + 1 == last ? 0x1p128 : edge(key + 1), count};
}

}  // namespace

ValueHistogram::ValueHistogram(const ValueHistogram& other) { merge(other); }

ValueHistogram& ValueHistogram::operator=(ValueHistogram other) {
  std::swap(octaves_, other.octaves_);
  std::swap(zero_count_, other.zero_count_);
  return *this;
}

void ValueHistogram::add(float value, uint64_t times) {
  // By bits: a thread that treats subnormals as zero must count them all the same.
  const auto bits = std::bit_cast<uint32_t>(value);
  if (bits << 1 == 0) {
    add_zeros(times);
  } else {
    add_key(key_of(value), times);
  }
}

void ValueHistogram::add_key(uint32_t key, uint64_t times) {
  if (times == 0) return;
  octave(key / kBucketsPerOctave)[key % kBucketsPerOctave] += times;
}

void ValueHistogram::add_keys(std::span<const uint16_t> keys) {
  for (const uint32_t key : keys) {
    const uint32_t index = key / kBucketsPerOctave;
    Octave* page = index < kOctaveCount ? octaves_[index].get() : nullptr;
    ++(page != nullptr ? *page : octave(index))[key % kBucketsPerOctave];
  }
}

void ValueHistogram::add_octave(uint32_t index,
                                std::span<const uint64_t, kBucketsPerOctave> counts) {
  if (std::ranges::all_of(counts, [](uint64_t n) { return n == 0; })) return;
  Octave& page = octave(index);
  for (uint32_t k = 0; k < kBucketsPerOctave; ++k) page[k] += counts[k];
}

void ValueHistogram::merge(const ValueHistogram& other) {
  zero_count_ += other.zero_count_;
  for (uint32_t i = 0; i < kOctaveCount; ++i) {
    if (!other.octaves_[i]) continue;
    add_octave(i, *other.octaves_[i]);
  }
}

uint64_t ValueHistogram::count() const {
  uint64_t total = zero_count_;
  for (const auto& page : octaves_) {
    if (page) total = std::accumulate(page->begin(), page->end(), total);
  }
  return total;
}

std::span<const uint64_t> ValueHistogram::octave_counts(uint32_t index) const {
  if (index >= kOctaveCount || !octaves_[index]) return {};
  return *octaves_[index];
}

std::vector<Bucket> ValueHistogram::buckets() const {
  std::vector<Bucket> result;
  for (uint32_t i = kOctaveCount; i-- > kSignOctave;) {
    if (!octaves_[i]) continue;
    for (uint32_t k = kBucketsPerOctave; k-- > 0;) {
      const uint64_t n = (*octaves_[i])[k];
      if (n == 0) continue;
      const Bucket b = positive_bucket((i - kSignOctave) * kBucketsPerOctave + k, n);
      result.push_back({-b.upper, -b.lower, n});
    }
  }
  if (zero_count_ != 0) result.push_back({0, 0, zero_count_});
  for (uint32_t i = 0; i < kSignOctave; ++i) {
    if (!octaves_[i]) continue;
    for (uint32_t k = 0; k < kBucketsPerOctave; ++k) {
      const uint64_t n = (*octaves_[i])[k];
      if (n != 0) result.push_back(positive_bucket(i * kBucketsPerOctave + k, n));
    }
  }
  return result;
}

bool ValueHistogram::operator==(const ValueHistogram& other) const {
  if (zero_count_ != other.zero_count_) return false;
  for (uint32_t i = 0; i < kOctaveCount; ++i) {
    if (static_cast<bool>(octaves_[i]) != static_cast<bool>(other.octaves_[i])) return false;
    if (octaves_[i] && *octaves_[i] != *other.octaves_[i]) return false;
  }
  return true;
}

ValueHistogram::Octave& ValueHistogram::octave(uint32_t index) {
  if (index % kSignOctave == kSignOctave - 1 || index >= kOctaveCount) {
    throw std::invalid_argument("a histogram counts finite values only");
  }
  if (!octaves_[index]) octaves_[index] = std::make_unique<Octave>();
  return *octaves_[index];
}

}  // namespace rangefinder::statistics
