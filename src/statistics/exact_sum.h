#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace rangefinder::statistics {

/// A sum of float32 values without any rounding, so that order and grouping make no difference.
///
/// Fixed point wide enough for every float32: a two's complement number of 384 bits in units of
/// 2^-149, the smallest subnormal. Kin: Kulisch's accumulator (Kulisch, Miranker 1981).
/// Cost: 48 bytes; two or three word additions a value, more where the sum changes its sign. Room
/// for 2^106 values of any size.
class ExactSum {
 public:
  /// Lowest word first.
  using Words = std::array<uint64_t, 6>;

  /// Throws std::invalid_argument on NaN or infinity.
  void add(float value);
  /// value * 2^exponent. Throws std::invalid_argument unless -149 <= exponent <= 128.
  void add(int64_t value, int exponent);
  /// The same for each of `sums`, of which there must be as many as values.
  static void add_each(std::span<const int64_t> values, int exponent, std::span<ExactSum> sums);
  void merge(const ExactSum& other);
  /// The sum rounded once, to nearest, ties to even.
  double value() const;

  const Words& words() const { return words_; }
  static ExactSum from_words(const Words& words);

  bool operator==(const ExactSum&) const = default;

 private:
  Words words_ = {};
};

}  // namespace rangefinder::statistics
