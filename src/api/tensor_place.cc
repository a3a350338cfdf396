#include "rangefinder/tensor_place.h"

#include <utility>

#include "cuda/device.h"

namespace rangefinder {

CountingDevice open_for_counting(const Device& device) {
  if (device.kind == Device::Kind::kCpu) return {};
  cuda::OpenedDevice opened = cuda::open_device(device.number);
  return {std::move(opened.device), std::move(opened.none_because)};
}

}  // namespace rangefinder
