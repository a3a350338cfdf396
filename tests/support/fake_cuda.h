#pragma once

// Opens the driver of fake_cuda_driver.cc, which CMake builds as a library of its own.

#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include "cuda/device.h"

namespace rangefinder::cuda {

template <class Function>
Function* fake_function(const char* name) {
  void* const library = dlopen(RANGEFINDER_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL);
  void* const found = library == nullptr ? nullptr : dlsym(library, name);
  if (found == nullptr) throw std::runtime_error(dlerror());
  return reinterpret_cast<Function*>(found);
}

/// A fresh start with these settings, see fake_cuda_driver.cc.
inline OpenedDriver fake_driver(const std::string& settings = {}) {
  fake_function<void(const char*)>("fake_driver_set")(settings.c_str());
  return open_driver(RANGEFINDER_FAKE_CUDA);
}

/// What stands for the kernels: the fake driver knows them itself.
inline std::span<const std::byte> fake_image() {
  static constexpr std::array<std::byte, 1> kImage = {};
  return kImage;
}

inline std::shared_ptr<const Device> fake_device(const std::string& settings = {}) {
  OpenedDevice opened = open_device(0, fake_driver(settings), fake_image());
  if (!opened.device) throw std::runtime_error(opened.none_because);
  return opened.device;
}

inline size_t fake_memory_used() { return fake_function<size_t()>("fake_driver_used")(); }
inline int fake_contexts() { return fake_function<int()>("fake_driver_contexts")(); }

/// How often the driver's function was called, and did not fail at once.
inline int fake_calls(const char* function) {
  return fake_function<int(const char*)>("fake_driver_calls")(function);
}
/// From now on open_device(number) finds the fake driver: it has the name of the system's. Its
/// settings last until they are set anew.
inline void use_fake_driver_as_system(const std::string& settings = {}) { fake_driver(settings); }

/// Any stream but the null one: kernels in it wait until somebody waits for them.
inline void* fake_stream() {
  static int stream = 0;
  return &stream;
}

}  // namespace rangefinder::cuda
