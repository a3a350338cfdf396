#include "statistics/channel_summer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "statistics/simd/integer_sums.h"

namespace rangefinder::statistics {
namespace {

/// A power of two that is a float, and its inverse, too.
constexpr int kLargestShift = 123;

/// |x| <= largest becomes an integer of at most kIntegerBits bits when multiplied with 2^shift.
int shift_for(float largest) {
  if (largest == 0) return 0;
  int exponent = 0;
  std::frexp(largest, &exponent);
  return std::min(simd::kIntegerBits - exponent, kLargestShift);
}

void check(std::span<const float> values, const SumLayout& layout) {
  if (values.size() != layout.entries * layout.entry_size() ||
      (layout.block != 0 && layout.rows != 1)) {
    throw std::invalid_argument("values do not fit the layout of the sums");
  }
}

}  // namespace

size_t SumLayout::stored_channels() const {
  return block == 0 ? channels : (channels + block - 1) / block * block;
}

void ChannelSummer::add(std::span<const float> values, const SumLayout& layout, float largest,
                        ChannelSums& into) {
  check(values, layout);
  if (!std::isfinite(largest) || values.empty()) return;
  const int shift = shift_for(largest);
  const float factor = std::ldexp(1.0f, shift);
  const size_t size = layout.entry_size();
  for (size_t i = 0; i < layout.entries; ++i) {
    sums_.assign(layout.channels, 0);
    if (largest > 0) sum_entry(values.subspan(i * size, size), layout, factor);
    into.add({-shift, layout.rows * layout.inner, sums_});
  }
}

void ChannelSummer::sum_entry(std::span<const float> values, const SumLayout& layout,
                              float factor) {
  const std::span<int64_t> sums(sums_);
  if (layout.block != 0) {
    const size_t size = layout.inner * layout.block;
    for (size_t c = 0; c < layout.channels; c += layout.block) {
      simd::add_integer_rows(values.subspan(c * layout.inner, size), layout.block, factor,
                             sums.subspan(c, std::min(layout.block, layout.channels - c)));
    }
  } else if (layout.inner == 1) {
    simd::add_integer_rows(values, layout.channels, factor, sums);
  } else {
    for (size_t i = 0; i < layout.rows * layout.channels; ++i) {
      sums[i % layout.channels] +=
          simd::integer_sum(values.subspan(i * layout.inner, layout.inner), factor);
    }
  }
}

float ChannelSummer::largest(std::span<const float> values, const SumLayout& layout) {
  check(values, layout);
  if (layout.stored_channels() == layout.channels) return simd::largest_magnitude(values);
  const size_t full = layout.channels / layout.block * layout.block * layout.inner;
  const size_t lanes = layout.channels % layout.block;
  float largest = 0;
  const auto take = [&](std::span<const float> part) {
    const float found = simd::largest_magnitude(part);
    if (!(found <= largest)) largest = found;
  };
  for (size_t i = 0; i < layout.entries && std::isfinite(largest); ++i) {
    const auto entry = values.subspan(i * layout.entry_size(), layout.entry_size());
    take(entry.first(full));
    for (size_t at = full; at < entry.size() && std::isfinite(largest); at += layout.block) {
      take(entry.subspan(at, lanes));
    }
  }
  return largest;
}

}  // namespace rangefinder::statistics
