// Sums are kept in lanes of 32 bits, four times what fits a vector of 64-bit sums of doubles, and
// taken out into 64 bits before they could overflow: after kStretch values of at most 2^23 each.

#include "statistics/simd/integer_sums.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "statistics/simd/integer_sums.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::statistics::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Float = hn::ScalableTag<float>;
using Signed = hn::ScalableTag<int32_t>;

constexpr size_t kStretch = 128;

HWY_INLINE hn::Vec<Signed> integers(const float* values, hn::Vec<Float> factor) {
  return hn::NearestInt(hn::Mul(hn::LoadU(Float(), values), factor));
}

/// sums[i] += lane i.
HWY_INLINE void take_out(hn::Vec<Signed> lanes, int64_t* HWY_RESTRICT sums) {
  HWY_ALIGN int32_t values[hn::MaxLanes(Signed())];
  hn::Store(lanes, Signed(), values);
  for (size_t i = 0; i < hn::Lanes(Signed()); ++i) sums[i] += values[i];
}

HWY_INLINE int64_t total(hn::Vec<Signed> lanes) {
  HWY_ALIGN int32_t values[hn::MaxLanes(Signed())];
  hn::Store(lanes, Signed(), values);
  int64_t sum = 0;
  for (size_t i = 0; i < hn::Lanes(Signed()); ++i) sum += values[i];
  return sum;
}

/// Adds up whole vectors only; returns how many values that were.
size_t sum(const float* HWY_RESTRICT values, size_t count, float factor, int64_t* result) {
  const size_t lanes = hn::Lanes(Signed());
  const auto factors = hn::Set(Float(), factor);
  size_t i = 0;
  while (i + lanes <= count) {
    const size_t end = std::min(count, i + kStretch * lanes);
    auto first = hn::Zero(Signed());
    auto second = hn::Zero(Signed());
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      first = hn::Add(first, integers(values + i, factors));
      second = hn::Add(second, integers(values + i + lanes, factors));
    }
    if (i + lanes <= end) {
      first = hn::Add(first, integers(values + i, factors));
      i += lanes;
    }
    *result += total(hn::Add(first, second));
  }
  return i;
}

/// Adds the columns of `kVectors` vectors, from `rows` on, of all rows.
template <size_t kVectors>
HWY_INLINE void sum_columns(const float* HWY_RESTRICT rows, size_t row_count, size_t row_length,
                            hn::Vec<Float> factors, int64_t* HWY_RESTRICT sums) {
  const size_t lanes = hn::Lanes(Signed());
  for (size_t row = 0; row < row_count;) {
    const size_t end = std::min(row_count, row + kStretch);
    auto first = hn::Zero(Signed());
    auto second = hn::Zero(Signed());
    for (; row < end; ++row) {
      const float* values = rows + row * row_length;
      first = hn::Add(first, integers(values, factors));
      if (kVectors == 2) second = hn::Add(second, integers(values + lanes, factors));
    }
    take_out(first, sums);
    if (kVectors == 2) take_out(second, sums + lanes);
  }
}

/// The columns that fill whole vectors; returns how many those are.
size_t add_columns(const float* HWY_RESTRICT rows, size_t row_count, size_t row_length,
                   float factor, int64_t* HWY_RESTRICT sums, size_t column_count) {
  if (row_count == 0) return column_count;
  const size_t lanes = hn::Lanes(Signed());
  const auto factors = hn::Set(Float(), factor);
  size_t column = 0;
  for (; column + 2 * lanes <= column_count; column += 2 * lanes) {
    sum_columns<2>(rows + column, row_count, row_length, factors, sums + column);
  }
  if (column + lanes <= column_count) {
    sum_columns<1>(rows + column, row_count, row_length, factors, sums + column);
    column += lanes;
  }
  return column;
}

/// Magnitudes compare as integers as they do as floats, and what is not finite is largest. Whole
/// vectors only; returns how many values that were.
size_t largest_bits(const float* HWY_RESTRICT values, size_t count, uint32_t* result) {
  const hn::ScalableTag<uint32_t> d;
  const size_t lanes = hn::Lanes(d);
  const auto magnitude = hn::Set(d, 0x7FFFFFFFu);
  auto largest = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto bits = hn::BitCast(d, hn::LoadU(Float(), values + i));
    largest = hn::Max(largest, hn::And(bits, magnitude));
  }
  *result = hn::GetLane(hn::MaxOfLanes(d, largest));
  return i;
}

}  // namespace rangefinder::statistics::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::statistics::simd {

HWY_EXPORT(sum);
HWY_EXPORT(add_columns);
HWY_EXPORT(largest_bits);

namespace {

int64_t integer(float value, float factor) {
  return static_cast<int64_t>(std::nearbyint(value * factor));
}

size_t count_rows(std::span<const float> rows, size_t row_length, size_t column_count) {
  if (row_length == 0 || rows.size() % row_length != 0 || column_count > row_length) {
    throw std::invalid_argument("values or sums do not fit rows of this length");
  }
  return rows.size() / row_length;
}

}  // namespace

int64_t integer_sum(std::span<const float> values, float factor) {
  int64_t result = 0;
  const size_t done = HWY_DYNAMIC_DISPATCH(sum)(values.data(), values.size(), factor, &result);
  return result + integer_sum_reference(values.subspan(done), factor);
}

void add_integer_rows(std::span<const float> rows, size_t row_length, float factor,
                      std::span<int64_t> sums) {
  const size_t row_count = count_rows(rows, row_length, sums.size());
  const size_t done = HWY_DYNAMIC_DISPATCH(add_columns)(rows.data(), row_count, row_length, factor,
                                                        sums.data(), sums.size());
  if (done == sums.size()) return;
  for (size_t row = 0; row < row_count; ++row) {
    for (size_t c = done; c < sums.size(); ++c) {
      sums[c] += integer(rows[row * row_length + c], factor);
    }
  }
}

float largest_magnitude(std::span<const float> values) {
  uint32_t bits = 0;
  const size_t done = HWY_DYNAMIC_DISPATCH(largest_bits)(values.data(), values.size(), &bits);
  const float rest = largest_magnitude_reference(values.subspan(done));
  return std::bit_cast<float>(std::max(bits, std::bit_cast<uint32_t>(rest)));
}

int64_t integer_sum_reference(std::span<const float> values, float factor) {
  int64_t result = 0;
  for (const float value : values) result += integer(value, factor);
  return result;
}

void add_integer_rows_reference(std::span<const float> rows, size_t row_length, float factor,
                                std::span<int64_t> sums) {
  const size_t row_count = count_rows(rows, row_length, sums.size());
  for (size_t row = 0; row < row_count; ++row) {
    for (size_t c = 0; c < sums.size(); ++c) sums[c] += integer(rows[row * row_length + c], factor);
  }
}

float largest_magnitude_reference(std::span<const float> values) {
  uint32_t largest = 0;
  for (const float value : values) {
    largest = std::max(largest, std::bit_cast<uint32_t>(value) & 0x7FFFFFFFu);
  }
  return std::bit_cast<float>(largest);
}

}  // namespace rangefinder::statistics::simd
#endif  // HWY_ONCE
