#include "statistics/exact_sum.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>

namespace rangefinder::statistics {
namespace {

constexpr int kUnitExponent = -149;
constexpr int kLargestExponent = 128;
constexpr int kWordBits = 64;

/// a += b, modulo 2^384.
void add_words(ExactSum::Words& a, const ExactSum::Words& b) {
  uint64_t carry = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const uint64_t sum = a[i] + b[i];
    const uint64_t total = sum + carry;
    carry = static_cast<uint64_t>(sum < b[i]) | static_cast<uint64_t>(total < sum);
    a[i] = total;
  }
}

/// words += low + high 2^64, modulo their size.
void add_two(std::span<uint64_t> words, uint64_t low, uint64_t high) {
  words[0] += low;
  // What was shifted by less than a word: `high` has room for the carry.
  high += static_cast<uint64_t>(words[0] < low);
  for (size_t i = 1; i < words.size() && high != 0; ++i) {
    words[i] += high;
    high = static_cast<uint64_t>(words[i] < high);
  }
}

/// words -= low + high 2^64, modulo their size.
void subtract_two(std::span<uint64_t> words, uint64_t low, uint64_t high) {
  high += static_cast<uint64_t>(words[0] < low);
  words[0] -= low;
  for (size_t i = 1; i < words.size() && high != 0; ++i) {
    const bool borrows = words[i] < high;
    words[i] -= high;
    high = static_cast<uint64_t>(borrows);
  }
}

ExactSum::Words negated(ExactSum::Words words) {
  for (uint64_t& word : words) word = ~word;
  add_words(words, {1});
  return words;
}

bool is_negative(const ExactSum::Words& words) { return words.back() >> (kWordBits - 1) != 0; }

/// words += magnitude 2^shift, or -= if it is negative.
void add_shifted(ExactSum::Words& words, uint64_t magnitude, uint32_t shift, bool negative) {
  const size_t word = shift / kWordBits;
  const uint32_t offset = shift % kWordBits;
  const uint64_t low = magnitude << offset;
  const uint64_t high = offset == 0 ? 0 : magnitude >> (kWordBits - offset);
  const std::span<uint64_t> reached = std::span(words).subspan(word);
  if (negative) {
    subtract_two(reached, low, high);
  } else {
    add_two(reached, low, high);
  }
}

/// The value of a non-negative number in units of 1.
double rounded(const ExactSum::Words& words) {
  size_t top = words.size() - 1;
  while (top > 0 && words[top] == 0) --top;
  const int shift = std::countl_zero(words[top]);
  if (top == 0) return static_cast<double>(words[0]);
  // The leading 64 bits; the last of them also says whether anything follows. A double takes 53,
  // so that this is enough for one correct rounding.
  uint64_t leading = words[top] << shift;
  uint64_t below = words[top - 1] << shift;
  if (shift != 0) leading |= words[top - 1] >> (kWordBits - shift);
  for (size_t i = 0; i + 1 < top; ++i) below |= words[i];
  leading |= static_cast<uint64_t>(below != 0);
  return std::ldexp(static_cast<double>(leading), static_cast<int>(top) * kWordBits - shift);
}

}  // namespace

void ExactSum::add(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t exponent = (bits >> 23) & 0xFFu;
  if (exponent == 0xFF) throw std::invalid_argument("a sum takes finite values only");
  // Subnormals have the exponent of the smallest normal numbers, without their hidden bit.
  const uint64_t mantissa = (bits & 0x7FFFFFu) | (exponent == 0 ? 0u : 0x800000u);
  const uint32_t shift = exponent == 0 ? 0 : exponent - 1;
  add_shifted(words_, mantissa, shift, bits >> 31 != 0);
}

void ExactSum::add(int64_t value, int exponent) { add_each({&value, 1}, exponent, {this, 1}); }

void ExactSum::add_each(std::span<const int64_t> values, int exponent, std::span<ExactSum> sums) {
  if (exponent < kUnitExponent || exponent > kLargestExponent || values.size() != sums.size()) {
    throw std::invalid_argument("an exponent that no float has, or sums that do not fit");
  }
  const auto shift = static_cast<uint32_t>(exponent - kUnitExponent);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto bits = static_cast<uint64_t>(values[i]);
    const bool negative = values[i] < 0;
    add_shifted(sums[i].words_, negative ? uint64_t{0} - bits : bits, shift, negative);
  }
}

void ExactSum::merge(const ExactSum& other) { add_words(words_, Words(other.words_)); }

double ExactSum::value() const {
  const bool negative = is_negative(words_);
  const double magnitude = rounded(negative ? negated(words_) : words_);
  return std::ldexp(negative ? -magnitude : magnitude, kUnitExponent);
}

ExactSum ExactSum::from_words(const Words& words) {
  ExactSum sum;
  sum.words_ = words;
  return sum;
}

}  // namespace rangefinder::statistics
