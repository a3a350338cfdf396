#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace rangefinder::statistics {

/// A run of neighbouring values and how many were seen: lower <= x < upper for positive values,
/// lower < x <= upper for negative ones. Zero is a bucket of its own with lower == upper == 0.
struct Bucket {
  double lower;
  double upper;
  uint64_t count;

  bool operator==(const Bucket&) const = default;
};

/// Counts of float values in log-linear buckets: sign, exponent, first kMantissaBits mantissa bits.
///
/// The bucket of a value is its upper bits, so no range, first batch or second pass is needed.
/// Kin: HdrHistogram; DDSketch (Masson et al. 2019, arXiv:1908.10693).
/// Cost: one increment per value; memory 1 KiB per octave and sign that was touched.
/// Guarantee: a bucket is at most 2^-kMantissaBits of its lower end wide, and the state depends on
/// the multiset of values alone: merge() is exact, associative and commutative.
/// Holds finite values only; -0 counts as 0, subnormals share the lowest octave.
class ValueHistogram {
 public:
  static constexpr int kMantissaBits = 7;
  static constexpr int kShift = 23 - kMantissaBits;
  static constexpr uint32_t kBucketsPerOctave = 1u << kMantissaBits;
  /// Sign and exponent: 2 * 255 octaves of finite values (exponent 255 is infinity and NaN).
  static constexpr uint32_t kOctaveCount = 512;
  /// Those of infinity and NaN included, which a histogram never holds.
  static constexpr size_t kKeyCount = size_t{kOctaveCount} * kBucketsPerOctave;

  /// The upper bits, below kKeyCount: of values of one sign ascending with their magnitude.
  static constexpr uint32_t key_of(float value) { return std::bit_cast<uint32_t>(value) >> kShift; }

  ValueHistogram() = default;
  ValueHistogram(const ValueHistogram& other);
  ValueHistogram(ValueHistogram&&) = default;
  ValueHistogram& operator=(ValueHistogram other);
  ~ValueHistogram() = default;

  /// Throws std::invalid_argument on NaN or infinity.
  void add(float value, uint64_t times = 1);
  void add_zeros(uint64_t times) { zero_count_ += times; }
  /// Adds `times` to the bucket with this key, of a finite value that is not zero.
  void add_key(uint32_t key, uint64_t times);
  /// Adds one to the bucket of each key.
  void add_keys(std::span<const uint16_t> keys);
  /// Adds to all buckets of one octave: key = index * kBucketsPerOctave + position.
  void add_octave(uint32_t index, std::span<const uint64_t, kBucketsPerOctave> counts);
  void merge(const ValueHistogram& other);

  uint64_t zero_count() const { return zero_count_; }
  /// Values counted, zeros included.
  uint64_t count() const;
  /// Counts of one octave by position; empty if it was never touched.
  std::span<const uint64_t> octave_counts(uint32_t index) const;
  /// Non-empty buckets in ascending order of value, the zero bucket at its place if not empty.
  std::vector<Bucket> buckets() const;

  bool operator==(const ValueHistogram& other) const;

 private:
  using Octave = std::array<uint64_t, kBucketsPerOctave>;
  Octave& octave(uint32_t index);

  std::array<std::unique_ptr<Octave>, kOctaveCount> octaves_;
  uint64_t zero_count_ = 0;
};

}  // namespace rangefinder::statistics
