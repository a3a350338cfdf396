#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/observe_slots.h"
#include "rangefinder/run_control.h"

namespace rangefinder::engine {

/// What runs a model that is observed: the CPU, or a CUDA device with our kernels on it.
struct ComputeDevice {
  /// Null: the CPU.
  std::shared_ptr<const cuda::Device> cuda = {};
  ObservePlace place = ObservePlace::kCpu;
  /// Its number, if it is a CUDA device.
  int number = 0;

  /// For SessionOptions::cuda_device.
  std::optional<int> provider_device() const;
};

/// Why ONNX Runtime has no provider for a CUDA device; empty if it has one (runtime.h).
using ProviderTrouble = std::function<std::string(int device)>;

/// Why models cannot be observed on this device: no driver, no GPU, kernels that it cannot run, an
/// ONNX Runtime without a provider for it. Empty if they can. Throws Error if there are GPUs, but
/// not of this number, or if it fails.
std::string device_trouble(const Device& device);

/// Throws Error with the device's trouble, if there is any.
ComputeDevice open_compute_device(const Device& device);

/// What a workflow runs with. Holds the device that `control` names, so that whoever opens it
/// meanwhile gets the same one.
struct UsableRun {
  RunControl control;
  ComputeDevice device = {};
};

/// The same control with a device that models can be observed on: that of `control`, or the CPU,
/// of which control.notice is told with the trouble. To be called once, where work begins. Throws
/// as device_trouble() does.
UsableRun with_usable_device(const RunControl& control);
/// The same with another who knows of providers.
UsableRun with_usable_device(const RunControl& control, const ProviderTrouble& provider_trouble);

}  // namespace rangefinder::engine
