#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace rangefinder::cuda {

/// An address in the memory of a device, as the driver writes it.
using Address = unsigned long long;  // NOLINT(google-runtime-int)

/// What the driver's functions return; 0 is success.
using Result = int;
inline constexpr Result kOutOfMemory = 2;
inline constexpr Result kNoDevice = 100;
/// What it says of an image that it does not understand, or that holds nothing for the device.
inline constexpr Result kInvalidImage = 200;
inline constexpr Result kNoBinaryForDevice = 209;
inline constexpr Result kUnsupportedPtxVersion = 222;

/// Attributes of a device.
inline constexpr int kMultiprocessorCount = 16;
inline constexpr int kComputeCapabilityMajor = 75;
inline constexpr int kComputeCapabilityMinor = 76;

/// The functions of the CUDA driver that we call, found in its library at run time: one binary with
/// and without a GPU, and nothing to link. Handles are the driver's opaque pointers.
struct Driver {
  Result (*init)(unsigned flags);
  Result (*version)(int* version);
  Result (*error_text)(Result result, const char** text);
  Result (*device_count)(int* count);
  Result (*device_at)(int* device, int number);
  Result (*device_name)(char* name, int size, int device);
  Result (*device_attribute)(int* value, int attribute, int device);
  Result (*retain_context)(void** context, int device);
  Result (*release_context)(int device);
  Result (*push_context)(void* context);
  Result (*pop_context)(void** context);
  Result (*load_module)(void** module, const void* image);
  Result (*unload_module)(void* module);
  Result (*find_function)(void** function, void* module, const char* name);
  Result (*allocate)(Address* address, size_t size);
  Result (*free)(Address address);
  Result (*memory_info)(size_t* free, size_t* total);
  Result (*copy_to_host)(void* to, Address from, size_t size);
  Result (*copy_from_host)(Address to, const void* from, size_t size);
  Result (*copy)(Address to, Address from, size_t size);
  Result (*fill)(Address to, unsigned char byte, size_t size);
  Result (*launch)(void* function, unsigned blocks_x, unsigned blocks_y, unsigned blocks_z,
                   unsigned threads_x, unsigned threads_y, unsigned threads_z, unsigned shared_size,
                   void* stream, void** arguments, void** extra);
  Result (*synchronize_stream)(void* stream);
  Result (*create_event)(void** event, unsigned flags);
  Result (*record_event)(void* event, void* stream);
  Result (*synchronize_event)(void* event);
  Result (*destroy_event)(void* event);

  /// What the driver calls a result.
  std::string text(Result result) const;
};

/// A driver, or why there is none.
struct OpenedDriver {
  std::shared_ptr<const Driver> driver = {};
  std::string none_because = {};
};

/// Opens the driver's library and starts it. What goes wrong is no error: a machine may have no
/// GPU. The library stays open until the process ends.
OpenedDriver open_driver(const std::string& library = "libcuda.so.1");

}  // namespace rangefinder::cuda
