#include "engine/compute_device.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "cuda/device.h"
#include "engine/runtime.h"

namespace rangefinder::engine {
namespace {

std::string name_of(int number) { return fmt::format("cuda:{}", number); }

}  // namespace

std::optional<int> ComputeDevice::provider_device() const {
  if (place != ObservePlace::kCuda) return std::nullopt;
  return number;
}

std::string device_trouble(const Device& device) {
  if (device.kind == Device::Kind::kCpu) return {};
  const cuda::OpenedDevice opened = cuda::open_device(device.number);
  if (!opened.device) return opened.none_because;
  const std::string trouble = cuda_provider_trouble(device.number);
  return trouble.empty() ? "" : "no provider for CUDA in ONNX Runtime: " + trouble;
}

ComputeDevice open_compute_device(const Device& device) {
  if (device.kind == Device::Kind::kCpu) return {};
  cuda::OpenedDevice opened = cuda::open_device(device.number);
  if (!opened.device) {
    throw Error(fmt::format("{} cannot be used: {}", name_of(device.number), opened.none_because));
  }
  return {.cuda = std::move(opened.device), .place = ObservePlace::kCuda, .number = device.number};
}

RunControl with_usable_device(const RunControl& control) {
  const std::string trouble = device_trouble(control.device);
  if (trouble.empty()) return control;
  RunControl usable = control;
  usable.device = {};
  if (control.notice) {
    control.notice(
        fmt::format("{} cannot be used, the CPU is: {}", name_of(control.device.number), trouble));
  }
  return usable;
}

}  // namespace rangefinder::engine
