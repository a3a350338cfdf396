#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cuda/channel_pages.h"
#include "cuda/device.h"
#include "cuda/journal.h"
#include "cuda/key_counts.h"
#include "statistics/batch_figures.h"
#include "statistics/channel_summer.h"
#include "statistics/channel_sums.h"
#include "statistics/counter.h"
#include "statistics/row_top.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::cuda {

/// A tensor on the device, and the stream in which it is made and used.
struct DeviceValues {
  const void* address = nullptr;
  tensor::ElementType type = tensor::ElementType::kFloat32;
  uint64_t size = 0;
  void* stream = nullptr;
};

/// Where the counts of one tensor go: one entry of each for all values, or one for each channel.
/// Both must outlive the run. No figures: nobody asks for them.
struct CountPlaces {
  std::span<statistics::TensorStatistics> channels = {};
  std::span<statistics::BatchFigures> figures = {};
};

/// Counts tensors on the device: the same statistics as on the host (statistics/counter.h,
/// channel_summer.h, row_top.h), integer by integer, for the same values.
///
/// Nothing is awaited while a model runs, but by tensors that are counted per channel. What is
/// known of a run when it is over - extremes, figures, sums, rows - reaches its place in finish();
/// counts stay on the device from run to run, until flush(). One thread at a time; one counter for
/// each worker.
///
/// All functions throw Error if memory runs out or the device fails, std::invalid_argument for
/// types other than float32, float16 and bfloat16, or sizes that do not fit.
class Counter {
 public:
  Counter(std::shared_ptr<const Device> device, size_t tensor_count);

  /// One batch of tensor number `tensor`, all together or, with a layout in the order of memory,
  /// per channel.
  void count(size_t tensor, const DeviceValues& values,
             const std::optional<statistics::ChannelLayout>& layout, const CountPlaces& into);
  /// As ChannelSummer::add() with the largest of the batch. If the tensor is counted, too, then
  /// before this, in the same run. Layouts without blocks only.
  void add_sums(size_t tensor, const DeviceValues& values, const statistics::SumLayout& layout,
                statistics::ChannelSums& into);
  /// As RowTop::add().
  void keep_rows(const DeviceValues& values, size_t length, size_t inner, statistics::RowTop& into);
  /// The values as they are, on the host: what was put into the stream before is awaited.
  std::vector<std::byte> copy(const DeviceValues& values);

  /// The run is over.
  void finish();
  /// Moves what the device still holds of tensor number `tensor` to where it was counted. After
  /// finish().
  void flush(size_t tensor, std::span<statistics::TensorStatistics> into);

 private:
  struct Tensor {
    std::unique_ptr<KeyCounts> keys = {};
    std::unique_ptr<ChannelPages> pages = {};
    /// Of the run that is not over yet.
    std::optional<Journal::Piece> records = {};
  };

  void count_together(Tensor& tensor, const DeviceValues& values,
                      statistics::TensorStatistics& into);
  void count_channels(Tensor& tensor, const DeviceValues& values,
                      const statistics::ChannelLayout& layout, const CountPlaces& into);
  void launch_count(const DeviceValues& values, uint32_t* table, const Journal::Piece& record);
  void wait();

  std::shared_ptr<const Device> device_;
  std::vector<Tensor> tensors_;
  Journal journal_;
  /// What to do with the journal when the run is over, in order.
  std::vector<std::function<void(const Journal&)>> pending_;
  Event last_;
};

}  // namespace rangefinder::cuda
