#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/key_log.h"
#include "statistics/key_table.h"
#include "statistics/simd/compress_keys.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::statistics {

/// Memory order of a tensor that is counted per channel or holds padding.
struct ChannelLayout {
  size_t batch = 1;
  size_t channels = 1;
  /// Values of one channel of one batch entry: the product of the spatial dimensions.
  size_t inner = 1;
};

/// Counts tensors into statistics at memory speed: the same result, bit for bit, as
/// TensorStatistics::add(), at a fraction of its time.
///
/// One sweep per block of values that stays in the first-level cache (simd/compress_keys.h), then
/// one increment per value that is not zero (key_table.h). Runs too short to pay for a table
/// flush are counted straight into the histogram, or wait in a log until they are. A counter is
/// scratch memory, about 1 MiB, for one thread at a time; use it for many tensors, but no more once
/// a call of it threw std::bad_alloc.
class Counter {
 public:
  /// All values as one tensor. With a log, which belongs to `into`, short runs wait in it:
  /// extremes, zeros and values that are not finite are counted at once, the rest by settle() at
  /// the latest.
  void count(std::span<const float> values, TensorStatistics& into, KeyLog* log = nullptr);
  /// Counts what waits in the log of `into`.
  void settle(KeyLog& log, TensorStatistics& into);

  // The functions below throw std::invalid_argument unless the numbers of values and of
  // statistics fit the layout. Layouts in the order of memory, channel c counts into into[c].

  /// [batch][channels][inner], as in ONNX.
  void count_channels_nchw(std::span<const float> values, const ChannelLayout& layout,
                           std::span<TensorStatistics> into);
  /// [batch][inner][channels].
  void count_channels_nhwc(std::span<const float> values, const ChannelLayout& layout,
                           std::span<TensorStatistics> into);
  /// [batch][ceil(channels / block)][inner][block], all channels as one tensor. The lanes behind
  /// the last channel are padding and not counted.
  void count_blocked(std::span<const float> values, const ChannelLayout& layout, size_t block,
                     TensorStatistics& into, KeyLog* log = nullptr);
  void count_channels_blocked(std::span<const float> values, const ChannelLayout& layout,
                              size_t block, std::span<TensorStatistics> into);

  /// IEEE binary16 and bfloat16 bits, counted as the float32 values they stand for.
  void count_float16(std::span<const uint16_t> values, TensorStatistics& into);
  void count_bfloat16(std::span<const uint16_t> values, TensorStatistics& into);

 private:
  void count_run(std::span<const float> values, TensorStatistics& into);
  /// At most simd::kBlockValues; keys go to the table or straight into the histogram.
  void count_block(std::span<const float> values, bool by_table, TensorStatistics& into);
  /// The same, keys go to `take(keys, min, max)`.
  template <typename Take>
  void sweep_block(std::span<const float> values, TensorStatistics& into, Take take);
  /// Rows of `row_length` values, of which the first into.size() are each counted apart.
  void count_columns(std::span<const float> rows, size_t row_length,
                     std::span<TensorStatistics> into);

  using Widen = void (*)(std::span<const uint16_t> from, float* to);
  void count_converted(std::span<const uint16_t> values, Widen widen, TensorStatistics& into);

  KeyTable table_;
  std::vector<uint32_t> keys_ = std::vector<uint32_t>(simd::kBlockValues + simd::kKeyPadding);
  std::vector<float> staging_;
};

}  // namespace rangefinder::statistics
