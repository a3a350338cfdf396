#pragma once

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/error.h"
#include "cuda/device.h"
#include "rangefinder/tensor_place.h"

namespace rangefinder {

/// The CUDA device of a place, opened or shared. Throws Error if it cannot be used.
inline std::shared_ptr<const cuda::Device> device_of(const TensorPlace& place) {
  cuda::OpenedDevice opened = cuda::open_device(place.device.number);
  if (opened.device) return std::move(opened.device);
  throw Error(fmt::format("{} cannot be used: {}", to_string(place.device), opened.none_because));
}

}  // namespace rangefinder
