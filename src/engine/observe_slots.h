#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statistics/counter.h"
#include "statistics/tensor_statistics.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

/// How the Observe operator is written in a model.
inline constexpr char kObserveDomain[] = "rangefinder";
inline constexpr char kObserveOperator[] = "Observe";
inline constexpr char kTensorAttribute[] = "tensor";
inline constexpr char kChannelAxisAttribute[] = "channel_axis";
inline constexpr char kBlockAttribute[] = "block";
inline constexpr char kChannelsAttribute[] = "channels";

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

  bool operator==(const ObserveTarget&) const = default;
};

/// The statistics of one tensor: one entry, or one for each channel. Empty before the first sample.
using ChannelStatistics = std::vector<statistics::TensorStatistics>;

/// Adds up two workers' statistics of one tensor. Throws Error if their channels differ in number.
void merge_channels(ChannelStatistics& to, ChannelStatistics from);

/// Where the Observe operators of one session hand their inputs. One thread at a time.
class ObserveSink {
 public:
  virtual ~ObserveSink() = default;
  /// The values are only there during the call.
  virtual void count(const ObserveTarget& target, const tensor::TensorView& values) = 0;
};

/// Where one worker counts. One thread at a time.
class ObserveSlots : public ObserveSink {
 public:
  explicit ObserveSlots(size_t tensor_count) : slots_(tensor_count) {}

  /// Counts every value of `values`, NaN and infinities included, padding excluded. Throws
  /// std::invalid_argument on an unknown target, a type that is not float32, float16 or
  /// bfloat16, or a channel count that changes.
  void count(const ObserveTarget& target, const tensor::TensorView& values) override;

  const std::vector<ChannelStatistics>& slots() const { return slots_; }
  /// Gives the statistics away; nothing is left.
  std::vector<ChannelStatistics> take();

  /// True once NaN or infinity was counted for tensor `index`.
  bool saw_nonfinite(size_t index) const;

 private:
  static std::span<statistics::TensorStatistics> slot_for(ChannelStatistics& slot, size_t channels);
  void count_together(const tensor::TensorView& values, statistics::TensorStatistics& into);
  void count_blocked(const ObserveTarget& target, const tensor::TensorView& values,
                     ChannelStatistics& slot);
  void count_channels(const ObserveTarget& target, const tensor::TensorView& values,
                      ChannelStatistics& slot);
  /// The values as float32, in `widened_` unless they are.
  std::span<const float> as_floats(const tensor::TensorView& values);

  std::vector<ChannelStatistics> slots_;
  statistics::Counter counter_;
  std::vector<float> widened_;
};

}  // namespace rangefinder::engine
