#include "statistics/counter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <stdexcept>

#include "statistics/simd/widen.h"
#include "tensor/half.h"

namespace rangefinder::statistics {
namespace {

/// From this length on a run pays for scanning the table afterwards [counting.md].
constexpr size_t kTableRun = 16384;
/// Columns are gathered in tiles of one cache line's width and this many rows.
constexpr size_t kTileColumns = 16;
constexpr size_t kTileRows = 256;
/// Not a power of two, so that a tile's columns do not fight for the same cache sets.
constexpr size_t kTileStride = kTileRows + 16;

void check(bool fits) {
  if (!fits) throw std::invalid_argument("values or statistics do not fit the channel layout");
}

void check(std::span<const float> values, const ChannelLayout& layout, size_t stored_channels) {
  check(values.size() == layout.batch * stored_channels * layout.inner);
}

/// The values that are finite, in order; counts the others.
size_t keep_finite(std::span<const float> values, float* kept, Extrema& extrema) {
  size_t count = 0;
  for (const float value : values) {
    const uint32_t exponent = std::bit_cast<uint32_t>(value) & 0x7F800000u;
    if (exponent == 0x7F800000u) {
      extrema.add(value);
    } else {
      kept[count++] = value;
    }
  }
  return count;
}

/// What a sweep over `size` finite values found beside their keys.
void note(const simd::BlockSummary& summary, size_t size, TensorStatistics& into) {
  into.extrema.add_range(summary.min(), summary.max());
  into.histogram.add_zeros(size - summary.key_count);
}

/// Of each position the first `kCopied` values, at least `lanes`, each position onto what the one
/// before has too many: with a number that is known when compiling a copy is one instruction. `to`
/// has room for kCopied more.
template <size_t kCopied>
void copy_lanes(std::span<const float> values, size_t block, size_t lanes, float* to) {
  for (size_t i = 0; i < values.size(); i += block, to += lanes) {
    std::memcpy(to, &values[i], kCopied * sizeof(float));
  }
}

/// The first `lanes` of every `block` values; returns how many those are.
size_t keep_lanes(std::span<const float> values, size_t block, size_t lanes, float* to) {
  if (lanes <= 4 && block >= 4) {
    copy_lanes<4>(values, block, lanes, to);
  } else if (lanes <= 8 && block >= 8) {
    copy_lanes<8>(values, block, lanes, to);
  } else if (lanes <= 16 && block >= 16) {
    copy_lanes<16>(values, block, lanes, to);
  } else {
    for (size_t i = 0; i < values.size(); i += block, to += lanes) {
      std::copy_n(&values[i], lanes, to);
    }
  }
  return values.size() / block * lanes;
}

/// tile[column][row] = rows[row][column].
void gather(const float* rows, size_t row_length, size_t row_count, size_t column_count,
            float* tile) {
  for (size_t row = 0; row < row_count; ++row) {
    const float* from = rows + row * row_length;
    for (size_t column = 0; column < column_count; ++column) {
      tile[column * kTileStride + row] = from[column];
    }
  }
}

}  // namespace

template <typename Blocks>
void Counter::count_run(size_t length, TensorStatistics& into, KeyTable* kept, Blocks blocks) {
  KeyTable* table = kept;
  if (table == nullptr && length >= kTableRun) table = &table_;
  if (table != nullptr) table->fetch(length);
  blocks([&](std::span<const float> block) { count_block(block, table, into); });
  if (table == &table_) table_.flush(into.histogram);
}

void Counter::count(std::span<const float> values, TensorStatistics& into, KeyTable* kept) {
  count_run(values.size(), into, kept, [&](auto count_one) {
    for (size_t i = 0; i < values.size(); i += simd::kBlockValues) {
      count_one(values.subspan(i, std::min(simd::kBlockValues, values.size() - i)));
    }
  });
}

void Counter::count_block(std::span<const float> values, KeyTable* table, TensorStatistics& into) {
  if (table != nullptr && !table->make_room_for(values.size())) table->flush(into.histogram);
  if (table != nullptr && table->expects_few_zeros()) {
    const auto summary = table->count(values);
    if (summary.all_finite()) return note(summary, values.size(), into);
  }
  auto summary = simd::compress_keys(values, keys_.data());
  std::array<float, simd::kBlockValues> finite;
  if (!summary.all_finite()) {
    values = {finite.data(), keep_finite(values, finite.data(), into.extrema)};
    summary = simd::compress_keys(values, keys_.data());
  }
  if (values.empty()) return;
  note(summary, values.size(), into);
  const std::span<const uint16_t> keys(keys_.data(), summary.key_count);
  const uint32_t key = ValueHistogram::key_of(summary.min());
  if (key != 0 && key == ValueHistogram::key_of(summary.max())) {
    // One bucket, as in constant or saturated data, where increments would wait for each other.
    into.histogram.add_key(key, keys.size());
  } else if (table != nullptr) {
    table->add(keys, summary, values.size());
  } else {
    into.histogram.add_keys(keys);
  }
}

void Counter::count_columns(std::span<const float> rows, size_t row_length,
                            std::span<TensorStatistics> into) {
  const size_t row_count = row_length == 0 ? 0 : rows.size() / row_length;
  staging_.resize(kTileColumns * kTileStride);
  for (size_t row = 0; row < row_count; row += kTileRows) {
    const size_t height = std::min(kTileRows, row_count - row);
    for (size_t column = 0; column < into.size(); column += kTileColumns) {
      const size_t width = std::min(kTileColumns, into.size() - column);
      gather(&rows[row * row_length + column], row_length, height, width, staging_.data());
      for (size_t c = 0; c < width; ++c) {
        count_block({&staging_[c * kTileStride], height}, nullptr, into[column + c]);
      }
    }
  }
}

void Counter::count_channels_nchw(std::span<const float> values, const ChannelLayout& layout,
                                  std::span<TensorStatistics> into) {
  check(values, layout, layout.channels);
  check(into.size() == layout.channels);
  for (size_t plane = 0; plane < layout.batch * layout.channels; ++plane) {
    count(values.subspan(plane * layout.inner, layout.inner), into[plane % layout.channels]);
  }
}

void Counter::count_channels_nhwc(std::span<const float> values, const ChannelLayout& layout,
                                  std::span<TensorStatistics> into) {
  check(values, layout, layout.channels);
  check(into.size() == layout.channels);
  count_columns(values, layout.channels, into);
}

void Counter::count_blocked(std::span<const float> values, const ChannelLayout& layout,
                            size_t block, TensorStatistics& into, KeyTable* kept) {
  check(block != 0 && block <= simd::kBlockValues);
  const size_t last_channels = layout.channels % block;
  const size_t full_size = layout.channels / block * block * layout.inner;
  const size_t last_size = last_channels == 0 ? 0 : block * layout.inner;
  check(values.size() == layout.batch * (full_size + last_size));
  if (last_size == 0) return count(values, into, kept);
  for (size_t n = 0; n < layout.batch; ++n) {
    const auto entry = values.subspan(n * (full_size + last_size), full_size + last_size);
    count(entry.first(full_size), into, kept);
    count_lanes(entry.subspan(full_size), block, last_channels, into, kept);
  }
}

void Counter::count_lanes(std::span<const float> values, size_t block, size_t lanes,
                          TensorStatistics& into, KeyTable* kept) {
  const size_t most = simd::kBlockValues / lanes * block;
  staging_.resize(std::max(staging_.size(), simd::kBlockValues + block));
  count_run(values.size() / block * lanes, into, kept, [&](auto count_one) {
    for (size_t i = 0; i < values.size(); i += most) {
      const auto part = values.subspan(i, std::min(most, values.size() - i));
      const size_t size = keep_lanes(part, block, lanes, staging_.data());
      count_one(std::span<const float>(staging_.data(), size));
    }
  });
}

void Counter::count_channels_blocked(std::span<const float> values, const ChannelLayout& layout,
                                     size_t block, std::span<TensorStatistics> into) {
  check(block != 0);
  const size_t block_count = (layout.channels + block - 1) / block;
  const size_t block_size = block * layout.inner;
  check(values.size() == layout.batch * block_count * block_size);
  check(into.size() == layout.channels);
  for (size_t i = 0; i < layout.batch * block_count; ++i) {
    const size_t channel = i % block_count * block;
    count_columns(values.subspan(i * block_size, block_size), block,
                  into.subspan(channel, std::min(block, layout.channels - channel)));
  }
}

void Counter::count_float16(std::span<const uint16_t> values, TensorStatistics& into,
                            KeyTable* kept) {
  count_converted(values, simd::widen_float16, into, kept);
}

void Counter::count_bfloat16(std::span<const uint16_t> values, TensorStatistics& into,
                             KeyTable* kept) {
  count_converted(
      values,
      [](std::span<const uint16_t> from, float* to) {
        std::ranges::transform(from, to, tensor::bfloat16_to_float);
      },
      into, kept);
}

void Counter::count_converted(std::span<const uint16_t> values, Widen widen, TensorStatistics& into,
                              KeyTable* kept) {
  std::array<float, simd::kBlockValues> block;
  count_run(values.size(), into, kept, [&](auto count_one) {
    for (size_t i = 0; i < values.size(); i += block.size()) {
      const auto part = values.subspan(i, std::min(block.size(), values.size() - i));
      widen(part, block.data());
      count_one(std::span<const float>(block.data(), part.size()));
    }
  });
}

}  // namespace rangefinder::statistics
