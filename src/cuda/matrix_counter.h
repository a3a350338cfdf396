#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cuda/counter.h"
#include "cuda/device.h"
#include "cuda/matrix_kernels.h"

namespace rangefinder::cuda {

/// Neighbouring channels of a sample that have the same weights; see CoverageArguments.
struct ChannelCoverage {
  uint64_t offset = 0;
  uint64_t channels = 1;
  uint64_t channel_stride = 0;
  uint64_t length = 0;
  /// The weight of each value; not looked at if there are `weights`.
  uint32_t uniform = 0;
  /// One for each of `length` values, or none.
  std::span<const uint32_t> weights = {};
};

/// What the activation matrix of a layer makes of one sample.
struct MatrixShape {
  /// Values of a sample, as channels of a plane each.
  uint64_t channels = 1;
  uint64_t plane = 1;
  /// Its rows.
  WindowShape windows = {};
  /// Which values occur in each slice of its columns, and how often.
  std::vector<std::vector<ChannelCoverage>> slices = {};

  uint64_t sample_size() const { return channels * plane; }
};

/// Counts the magnitudes in the slices of activation matrices on the device (matrix_kernels.h),
/// from call to call. One thread at a time.
///
/// All functions throw Error if memory runs out or the device fails, std::invalid_argument for
/// types other than float32, float16 and bfloat16, and values that are no whole samples.
/// Cost: 256 KiB a slice, once keys are counted.
class MatrixCounter {
 public:
  explicit MatrixCounter(std::shared_ptr<const Device> device);

  /// Of all calls that follow. The number of slices must stay the same.
  void set_shape(const MatrixShape& shape);

  /// The bits of the largest magnitude of each slice, 0 if no value occurs: infinity or beyond if
  /// not all are finite. Waits for them.
  std::vector<uint32_t> survey(const DeviceValues& values);
  /// Counts the values that were surveyed last, which must all be finite. Waits until they are no
  /// longer needed.
  void count(const DeviceValues& values);

  /// What was counted since the last time.
  struct Counts {
    /// For each slice how often each key occurs, kMagnitudeKeys of them; that of zeros is wrong.
    std::vector<std::vector<uint64_t>> keys = {};
    /// Rows that hold nothing but zeros.
    uint64_t zero_rows = 0;
  };
  Counts take();

 private:
  /// A ChannelCoverage whose weights are on the device.
  struct Coverage {
    ChannelCoverage shape;
    Memory weights;
    uint64_t total = 0;
  };

  uint64_t sample_count(const DeviceValues& values) const;
  CoverageArguments arguments(const DeviceValues& values, size_t slice,
                              const Coverage& coverage) const;
  void launch(Kernel kernel, const DeviceValues& values);
  void count_zero_rows(const DeviceValues& values);
  void wait_for(void* stream);

  std::shared_ptr<const Device> device_;
  MatrixShape shape_;
  std::vector<std::vector<Coverage>> slices_;
  Memory largest_;
  Memory tables_;
  Memory marks_;
  Memory zero_rows_;
  Event last_;
};

}  // namespace rangefinder::cuda
