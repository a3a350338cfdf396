#include "cuda/driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace rangefinder::cuda {
namespace {

/// Finds one function after the other; remembers the first that is missing.
class Finder {
 public:
  explicit Finder(void* library) : library_(library) {}

  template <class Function>
  void find(Function*& function, const char* name) {
    function = reinterpret_cast<Function*>(dlsym(library_, name));
    if (function == nullptr && missing_.empty()) missing_ = name;
  }

  const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

/// Names as cuda.h gives them to programs of today: "_v2" where a function changed long ago.
std::string find_functions(void* library, Driver& driver) {
  Finder finder(library);
  finder.find(driver.init, "cuInit");
  finder.find(driver.version, "cuDriverGetVersion");
  finder.find(driver.error_text, "cuGetErrorString");
  finder.find(driver.device_count, "cuDeviceGetCount");
  finder.find(driver.device_at, "cuDeviceGet");
  finder.find(driver.device_name, "cuDeviceGetName");
  finder.find(driver.device_attribute, "cuDeviceGetAttribute");
  finder.find(driver.retain_context, "cuDevicePrimaryCtxRetain");
  finder.find(driver.release_context, "cuDevicePrimaryCtxRelease_v2");
  finder.find(driver.push_context, "cuCtxPushCurrent_v2");
  finder.find(driver.pop_context, "cuCtxPopCurrent_v2");
  finder.find(driver.load_module, "cuModuleLoadData");
  finder.find(driver.unload_module, "cuModuleUnload");
  finder.find(driver.find_function, "cuModuleGetFunction");
  finder.find(driver.allocate, "cuMemAlloc_v2");
  finder.find(driver.free, "cuMemFree_v2");
  finder.find(driver.memory_info, "cuMemGetInfo_v2");
  finder.find(driver.copy_to_host, "cuMemcpyDtoH_v2");
  finder.find(driver.copy_from_host, "cuMemcpyHtoD_v2");
  finder.find(driver.copy, "cuMemcpyDtoD_v2");
  finder.find(driver.fill, "cuMemsetD8_v2");
  finder.find(driver.launch, "cuLaunchKernel");
  finder.find(driver.synchronize_stream, "cuStreamSynchronize");
  finder.find(driver.create_event, "cuEventCreate");
  finder.find(driver.record_event, "cuEventRecord");
  finder.find(driver.synchronize_event, "cuEventSynchronize");
  finder.find(driver.destroy_event, "cuEventDestroy_v2");
  return finder.missing();
}

}  // namespace

std::string Driver::text(Result result) const {
  const char* found = nullptr;
  if (error_text(result, &found) != 0 || found == nullptr) return fmt::format("error {}", result);
  return fmt::format("{} ({})", found, result);
}

OpenedDriver open_driver(const std::string& library) {
  void* const opened = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) {
    const char* reason = dlerror();
    return {.none_because =
                fmt::format("no CUDA driver: {}", reason != nullptr ? reason : library)};
  }
  auto driver = std::make_shared<Driver>();
  if (const std::string missing = find_functions(opened, *driver); !missing.empty()) {
    return {.none_because =
                fmt::format("{}: no CUDA driver as we know it: {}() is missing", library, missing)};
  }
  if (const Result result = driver->init(0); result != 0) {
    return {.none_because =
                fmt::format("the CUDA driver does not start: {}", driver->text(result))};
  }
  return {.driver = driver};
}

}  // namespace rangefinder::cuda
