#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/operator_names.h"
#include "statistics/batch_figures.h"
#include "statistics/channel_spread.h"
#include "statistics/channel_summer.h"
#include "statistics/channel_sums.h"
#include "statistics/counter.h"
#include "statistics/row_top.h"
#include "statistics/tensor_statistics.h"
#include "tensor/tensor.h"

namespace rangefinder::cuda {
class Counter;
class Device;
struct DeviceValues;
}  // namespace rangefinder::cuda

namespace rangefinder::engine {

/// What one Observe node counts, and how its input lies in memory.
struct ObserveTarget {
  /// Which slot it counts into.
  size_t index = 0;
  /// Axis to count separately, of the tensor as the model knows it; -1: all values together.
  int64_t channel_axis = -1;
  /// 0: row-major. Otherwise ONNX Runtime's blocked layout [N][ceil(C/block)][H][W][block] of an
  /// NCHW tensor; the lanes beyond C in the last block are padding, not values.
  int64_t block = 0;
  /// C, if blocked.
  int64_t channels = 0;
  /// Keep the largest values of every row along `row_axis` (negative: from the back); only of
  /// row-major tensors.
  bool keeps_rows = false;
  int64_t row_axis = -1;
  /// Add up the values for each element along `sum_axis` (negative: from the back), of the tensor
  /// as the model knows it.
  bool keeps_sums = false;
  int64_t sum_axis = -1;
  /// Count the channels along `spread_axis` (negative: from the back) coarsely, too, of the tensor
  /// as the model knows it.
  bool keeps_spread = false;
  int64_t spread_axis = -1;
  /// If not, sums are all that is kept.
  bool is_counted = true;

  bool operator==(const ObserveTarget&) const = default;
};

/// Where an Observe operator finds its input.
enum class ObservePlace {
  kCpu,
  /// In the memory of a CUDA device, where ONNX Runtime's provider for it runs the model.
  kCuda,
  /// Where the CPU has it, passed on as if that were a device's memory: for tests without a device.
  kCpuAsDevice,
};

/// The statistics of one tensor: one entry, or one for each channel. Empty before the first sample.
using ChannelStatistics = std::vector<statistics::TensorStatistics>;

/// All that one pass gathers of one tensor.
struct TensorObservation {
  ChannelStatistics channels = {};
  /// As many as channels. A batch is what one run of the model shows.
  std::vector<statistics::BatchFigures> batch_figures = {};
  /// Of tensors whose rows are kept, once a sample was seen: as many values as a RowTop can keep.
  std::optional<statistics::RowTop> row_top = {};
  /// Of tensors whose values are added up, once a sample was seen.
  statistics::ChannelSums channel_sums = {};
  /// Of tensors whose channels are counted coarsely, once a sample was seen.
  statistics::ChannelSpread spread = {};

  /// Adds up what two workers saw of one tensor. Throws Error if their channels differ in number.
  void merge(TensorObservation from);
  bool operator==(const TensorObservation&) const = default;
};

/// Where the Observe operators of one session hand their inputs. One thread at a time.
class ObserveSink {
 public:
  virtual ~ObserveSink() = default;
  /// The values are only there during the call.
  virtual void count(const ObserveTarget& target, const tensor::TensorView& values) = 0;
  /// The same for values in the memory of a CUDA device. They are there as long as what was put
  /// into `stream` during the call is not done. Throws std::invalid_argument unless the sink can.
  virtual void count_on_device(const ObserveTarget& target, const tensor::TensorView& values,
                               void* stream);
};

/// Where one worker counts. One thread at a time.
class ObserveSlots : public ObserveSink {
 public:
  /// With a device: counts there, what is on it.
  explicit ObserveSlots(size_t tensor_count, std::shared_ptr<const cuda::Device> device = {});
  ~ObserveSlots() override;

  /// Counts every value of `values`, NaN and infinities included, padding excluded. Throws
  /// std::invalid_argument on an unknown target, a type that is not float32, float16 or
  /// bfloat16, a channel count that changes, or an axis that the values do not have.
  void count(const ObserveTarget& target, const tensor::TensorView& values) override;

  /// Counts row-major tensors on the device; the same statistics as count() of the same values.
  /// What is known of them is in the slots after finish_run(). Throws std::invalid_argument without
  /// a device and for blocked tensors, Error also if the device runs out of memory or fails.
  void count_on_device(const ObserveTarget& target, const tensor::TensorView& values,
                       void* stream) override;
  /// A run of the model is over.
  void finish_run();

  /// Whether values that come are counted; they are if nothing is said.
  void set_counting(bool is_counting) { is_counting_ = is_counting; }

  const std::vector<TensorObservation>& slots();
  /// Gives away what was gathered of tensor `index`; nothing is left.
  TensorObservation take(size_t index);

  /// True once NaN or infinity was counted for tensor `index`.
  bool saw_nonfinite(size_t index) const;

 private:
  /// Makes the slot for the first tensor, and holds later ones against it.
  void prepare(const ObserveTarget& target, const tensor::Shape& shape, TensorObservation& slot);
  /// Returns the largest magnitude; infinity if any value is not finite.
  float count_tensor(const ObserveTarget& target, const tensor::TensorView& values,
                     TensorObservation& slot);
  /// `largest`: see ChannelSummer; looked for if it is not known.
  void add_sums(const ObserveTarget& target, const tensor::TensorView& values,
                std::optional<float> largest, statistics::ChannelSums& into);
  void count_values(const ObserveTarget& target, const tensor::TensorView& values,
                    std::span<statistics::TensorStatistics> into);
  void count_together(const ObserveTarget& target, const tensor::TensorView& values,
                      statistics::TensorStatistics& into);
  statistics::KeyTable* table_for(const ObserveTarget& target);
  void count_blocked(const ObserveTarget& target, const tensor::TensorView& values,
                     std::span<statistics::TensorStatistics> into);
  void count_channels(const ObserveTarget& target, const tensor::TensorView& values,
                      std::span<statistics::TensorStatistics> into);
  void keep_rows(const ObserveTarget& target, const tensor::TensorView& values,
                 TensorObservation& slot);
  /// The values as float32, in `widened_` unless they are.
  std::span<const float> as_floats(const tensor::TensorView& values);

  /// Adds what a tensor's table holds to its histogram.
  void settle(size_t index);

  bool is_counting_ = true;
  std::vector<TensorObservation> slots_;
  /// Of the tensors that are counted as a whole: where they are counted from sample to sample.
  std::vector<std::unique_ptr<statistics::KeyTable>> tables_;
  statistics::Counter counter_;
  statistics::ChannelSummer summer_;
  std::vector<float> widened_;
  std::unique_ptr<cuda::Counter> device_counter_;
};

}  // namespace rangefinder::engine
