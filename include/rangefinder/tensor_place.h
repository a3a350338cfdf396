#pragma once

#include <memory>
#include <string>

#include "rangefinder/device.h"
#include "rangefinder/export.h"

namespace rangefinder {

/// Where the values of a tensor lie that is counted in place.
struct TensorPlace {
  Device device = {};
  /// Of a CUDA device: the stream (cudaStream_t) in which the values are made; null is its default
  /// stream.
  void* stream = nullptr;
};

/// A device that tensors are counted on, or why none is.
struct CountingDevice {
  /// While this lives, all who count on the device share what was opened: a context, our kernels.
  std::shared_ptr<const void> held = {};
  /// Empty if tensors can be counted there: no driver, no GPU, a driver that is too old, a build
  /// without kernels (docs/cuda.md).
  std::string none_because = {};
};

/// Of the CPU there is nothing to hold. Throws Error if there are GPUs, but not of this number, or
/// if it fails.
///
///     auto gpu = rangefinder::open_for_counting(rangefinder::parse_device("cuda:1"));
///     if (!gpu.none_because.empty()) copy_to_the_host();
RANGEFINDER_API CountingDevice open_for_counting(const Device& device);

}  // namespace rangefinder
