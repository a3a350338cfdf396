#include "engine/compute_device.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "cuda/device.h"
#include "engine/runtime.h"

namespace rangefinder::engine {
namespace {

std::string name_of(int number) { return fmt::format("cuda:{}", number); }

/// A device, or why models cannot be observed on it.
struct Checked {
  ComputeDevice device = {};
  std::string trouble = {};
};

/// Without a look at ONNX Runtime.
Checked opened(const Device& device) {
  if (device.kind == Device::Kind::kCpu) return {};
  cuda::OpenedDevice found = cuda::open_device(device.number);
  if (!found.device) return {.trouble = std::move(found.none_because)};
  return {.device = {.cuda = std::move(found.device),
                     .place = ObservePlace::kCuda,
                     .number = device.number}};
}

Checked checked(const Device& device, const ProviderTrouble& provider_trouble) {
  Checked found = opened(device);
  if (!found.device.cuda) return found;
  const std::string trouble = provider_trouble(device.number);
  if (trouble.empty()) return found;
  return {.trouble = "no provider for CUDA in ONNX Runtime: " + trouble};
}

}  // namespace

std::optional<int> ComputeDevice::provider_device() const {
  if (place != ObservePlace::kCuda) return std::nullopt;
  return number;
}

std::string device_trouble(const Device& device) {
  return checked(device, cuda_provider_trouble).trouble;
}

ComputeDevice open_compute_device(const Device& device) {
  Checked found = opened(device);
  if (!found.trouble.empty()) {
    throw Error(fmt::format("{} cannot be used: {}", name_of(device.number), found.trouble));
  }
  return std::move(found.device);
}

UsableRun with_usable_device(const RunControl& control) {
  return with_usable_device(control, cuda_provider_trouble);
}

UsableRun with_usable_device(const RunControl& control, const ProviderTrouble& provider_trouble) {
  Checked found = checked(control.device, provider_trouble);
  if (found.trouble.empty()) return {.control = control, .device = std::move(found.device)};
  UsableRun usable{.control = control};
  usable.control.device = {};
  if (control.notice) {
    control.notice(fmt::format("{} cannot be used, the CPU is: {}", name_of(control.device.number),
                               found.trouble));
  }
  return usable;
}

}  // namespace rangefinder::engine
