#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "cuda/driver.h"
#include "tensor/element_type.h"

namespace rangefinder::cuda {

/// The kernels of kernels.cu, each for float32, float16 and bfloat16 values but the last two, which
/// see no values.
enum class Kernel {
  kCount,
  kMark,
  kPage,
  kSum,
  kRow,
  kSurvey,
  kWeigh,
  kPositions,
  kAssign,
  kWindows
};

/// How many threads run a kernel.
struct Grid {
  unsigned blocks = 1;
  unsigned threads = 1;
};

/// A GPU with our kernels on it, in the context that all users of CUDA in the process share (the
/// device's primary one). May be used by several threads.
///
/// All functions throw Error in the driver's words, where nothing else is said.
class Device {
 public:
  /// Retains the primary context and loads the image. See open_device().
  Device(std::shared_ptr<const Driver> driver, int number, std::span<const std::byte> image);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// "CUDA device 0 (NVIDIA H200)"
  const std::string& name() const { return name_; }
  unsigned multiprocessor_count() const { return multiprocessor_count_; }

  /// Runs on `stream` when all that was put there before is done. `arguments` is the kernel's only
  /// parameter. Throws std::invalid_argument unless the type is float32, float16 or bfloat16.
  template <class Arguments>
  void launch(Kernel kernel, tensor::ElementType type, const Grid& grid, const Arguments& arguments,
              void* stream) const {
    launch_with(kernel, type, grid, &arguments, stream);
  }

  /// All three are done when they return, and do not wait for streams.
  void copy_to_host(std::span<std::byte> to, Address from) const;
  void copy_from_host(Address to, std::span<const std::byte> from) const;
  void clear(Address address, size_t size) const;

 private:
  friend class Memory;
  friend class Event;
  class Current;
  /// Those that see values.
  static constexpr size_t kKernels = 8;
  static constexpr size_t kFormats = 3;

  void load(std::span<const std::byte> image);
  void* function_of(Kernel kernel, tensor::ElementType type) const;
  void launch_with(Kernel kernel, tensor::ElementType type, const Grid& grid, const void* arguments,
                   void* stream) const;
  void check(Result result, const char* what) const;

  std::shared_ptr<const Driver> driver_;
  int handle_ = 0;
  std::string name_;
  unsigned multiprocessor_count_ = 1;
  void* context_ = nullptr;
  void* module_ = nullptr;
  void* functions_[kKernels][kFormats] = {};
  void* assign_ = nullptr;
  void* windows_ = nullptr;
};

/// A device, or why none can be used.
struct OpenedDevice {
  std::shared_ptr<const Device> device = {};
  std::string none_because = {};
};

/// Device number `number`, with the kernels of `image` on it. Without a driver or a device, with
/// one that the kernels do not run on, or a build without kernels there is none, and a reason.
/// Throws Error if there are devices, but none of this number, or if the device fails.
OpenedDevice open_device(int number, const OpenedDriver& driver, std::span<const std::byte> image);
/// The same with the system's driver and our own kernels. While a device is held, whoever opens it
/// gets the same one: a context and kernels are loaded once.
OpenedDevice open_device(int number);

/// Bytes on a device, all 0 at first.
class Memory {
 public:
  Memory() = default;
  /// `what` it is for: "the counts of a tensor". Throws Error saying how much is needed and how
  /// much is free.
  Memory(std::shared_ptr<const Device> device, size_t size, const std::string& what);
  ~Memory();
  Memory(Memory&& other) noexcept;
  Memory& operator=(Memory&& other) noexcept;

  Address address() const { return address_; }
  size_t size() const { return size_; }
  /// As a kernel's parameter holds it.
  template <class T>
  T* as(size_t offset = 0) const {
    return reinterpret_cast<T*>(address_ + offset);
  }
  /// Takes over what `from` holds, which must be no larger. Done when it returns.
  void copy_from(const Memory& from);

 private:
  std::shared_ptr<const Device> device_;
  Address address_ = 0;
  size_t size_ = 0;
};

/// A place in a stream that one can wait for.
class Event {
 public:
  explicit Event(std::shared_ptr<const Device> device);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Behind all that is in the stream now.
  void record(void* stream);
  /// Until the last recorded place is reached; returns at once if none was recorded.
  void wait();

 private:
  std::shared_ptr<const Device> device_;
  void* handle_ = nullptr;
};

}  // namespace rangefinder::cuda
