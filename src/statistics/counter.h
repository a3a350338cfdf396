#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/key_table.h"
#include "statistics/simd/sweep.h"
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
/// One sweep per block of values that stays in the first-level cache (simd/sweep.h), then
/// one increment per value that is not zero (key_table.h). Runs too short to pay for emptying the
/// counter's own table are counted straight into the histogram. A counter is scratch memory for
/// one thread at a time; use it for many tensors, but no more once a call of it threw
/// std::bad_alloc.
///
/// Who counts the same tensors again and again gives each a KeyTable of its own (`kept`): extremes,
/// zeros and values that are not finite are counted at once, the rest is in `into` once the caller
/// has emptied the table into its histogram.
class Counter {
 public:
  /// All values as one tensor.
  void count(std::span<const float> values, TensorStatistics& into, KeyTable* kept = nullptr);

  // The functions below throw std::invalid_argument unless the numbers of values and of
  // statistics fit the layout. Layouts in the order of memory, channel c counts into into[c].

  /// [batch][channels][inner], as in ONNX.
  void count_channels_nchw(std::span<const float> values, const ChannelLayout& layout,
                           std::span<TensorStatistics> into);
  /// [batch][inner][channels].
  void count_channels_nhwc(std::span<const float> values, const ChannelLayout& layout,
                           std::span<TensorStatistics> into);
  /// [batch][ceil(channels / block)][inner][block], all channels as one tensor. The lanes behind
  /// the last channel are padding and not counted. A block is at most simd::kBlockValues wide.
  void count_blocked(std::span<const float> values, const ChannelLayout& layout, size_t block,
                     TensorStatistics& into, KeyTable* kept = nullptr);
  void count_channels_blocked(std::span<const float> values, const ChannelLayout& layout,
                              size_t block, std::span<TensorStatistics> into);

  /// IEEE binary16 and bfloat16 bits, counted as the float32 values they stand for.
  void count_float16(std::span<const uint16_t> values, TensorStatistics& into,
                     KeyTable* kept = nullptr);
  void count_bfloat16(std::span<const uint16_t> values, TensorStatistics& into,
                      KeyTable* kept = nullptr);

 private:
  /// One run, whose values `blocks` hands on: blocks(count_one) calls count_one(values) for each
  /// block. Keys go to the tensor's own table, if the run is long to the counter's, else straight
  /// into the histogram.
  template <typename Blocks>
  void count_run(size_t length, TensorStatistics& into, KeyTable* kept, Blocks blocks);
  /// At most simd::kBlockValues; keys go to the table or, without one, straight into the histogram.
  void count_block(std::span<const float> values, KeyTable* table, TensorStatistics& into);
  /// Of every `block` values the first `lanes`.
  void count_lanes(std::span<const float> values, size_t block, size_t lanes,
                   TensorStatistics& into, KeyTable* kept);
  /// Rows of `row_length` values, of which the first into.size() are each counted apart.
  void count_columns(std::span<const float> rows, size_t row_length,
                     std::span<TensorStatistics> into);

  using Widen = void (*)(std::span<const uint16_t> from, float* to);
  void count_converted(std::span<const uint16_t> values, Widen widen, TensorStatistics& into,
                       KeyTable* kept);

  KeyTable table_;
  /// Aligned, so that the vectors of a block without zeros are stored without crossing a line.
  alignas(64) std::array<uint16_t, simd::kBlockValues + simd::kKeyPadding> keys_;
  std::vector<float> staging_;
};

}  // namespace rangefinder::statistics
