#pragma once

#include <memory>
#include <vector>

#include "analog/activations/activation_matrix.h"
#include "analog/ranges/range_method.h"
#include "cuda/counter.h"
#include "cuda/matrix_counter.h"

namespace rangefinder::analog {

/// Shows a method the calls of a layer whose inputs lie on a CUDA device.
///
/// What the method must see decides where it is counted. Counts are made on the device, from call
/// to call, and reach the method in flush(); the values of a method that must see them are copied.
/// Either way the ranges are those of the same calls on the host, bit for bit. One thread at a
/// time.
class DeviceCalls {
 public:
  explicit DeviceCalls(const std::shared_ptr<const cuda::Device>& device);

  /// As RangeMethod::observe(); returns when the values are no longer needed. `plan` must be
  /// row-major. Throws also as cuda::MatrixCounter.
  void observe(const CallId& call, const PatchPlan& plan, const cuda::DeviceValues& values,
               RangeMethod& method);
  /// Moves what was counted to the method.
  void flush(RangeMethod& method);

 private:
  void show(const CallId& call, const PatchPlan& plan, const cuda::DeviceValues& values,
            RangeMethod& method);
  void count(const PatchPlan& plan, const cuda::DeviceValues& values, Sight sight);

  cuda::MatrixCounter counter_;
  cuda::Counter copier_;
  /// Of the shape that the counter knows.
  PatchGeometry geometry_ = {};
  std::vector<ColumnRange> slices_;
  /// Bits of the largest magnitude of each slice, and the rows, that flush() has not moved yet.
  std::vector<uint32_t> largest_;
  uint64_t rows_ = 0;
};

}  // namespace rangefinder::analog
