#include "cuda/device.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "cuda/kernel_image.h"

namespace rangefinder::cuda {
namespace {

using tensor::ElementType;

constexpr int kLeastCapability = 75;
constexpr std::array<const char*, 8> kKernelNames = {"count", "mark",   "page",  "sum",
                                                     "row",   "survey", "weigh", "positions"};
constexpr std::array<const char*, 3> kFormatNames = {"float32", "float16", "bfloat16"};

size_t format_of(ElementType type) {
  switch (type) {
    case ElementType::kFloat32:
      return 0;
    case ElementType::kFloat16:
      return 1;
    case ElementType::kBfloat16:
      return 2;
    default:
      throw std::invalid_argument(
          fmt::format("cannot observe {} values", tensor::element_name(type)));
  }
}

bool is_about_image(Result result) {
  return result == kInvalidImage || result == kNoBinaryForDevice ||
         result == kUnsupportedPtxVersion;
}

std::string version_text(const Driver& driver) {
  int version = 0;
  if (driver.version(&version) != 0) return "of unknown version";
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

int attribute(const Driver& driver, int attribute, int device) {
  int value = 0;
  return driver.device_attribute(&value, attribute, device) == 0 ? value : 0;
}

/// Why device `handle` cannot run our kernels; empty if it can.
std::string refusal(const Driver& driver, int handle, int number) {
  const int major = attribute(driver, kComputeCapabilityMajor, handle);
  const int minor = attribute(driver, kComputeCapabilityMinor, handle);
  if (major * 10 + minor >= kLeastCapability) return {};
  return fmt::format("CUDA device {} has compute capability {}.{}; 7.5 or later is needed", number,
                     major, minor);
}

/// The image is not understood; thrown inside open_device() alone.
class ForeignImage : public Error {
 public:
  using Error::Error;
};

}  // namespace

/// The device's context belongs to the calling thread while this lives.
class Device::Current {
 public:
  explicit Current(const Device& device) : device_(device) {
    device.check(device.driver_->push_context(device.context_), "using the device");
  }
  ~Current() {
    void* popped = nullptr;
    device_.driver_->pop_context(&popped);
  }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  const Device& device_;
};

Device::Device(std::shared_ptr<const Driver> driver, int number, std::span<const std::byte> image)
    : driver_(std::move(driver)), name_(fmt::format("CUDA device {}", number)) {
  check(driver_->device_at(&handle_, number), "finding it");
  std::array<char, 128> name = {};
  if (driver_->device_name(name.data(), static_cast<int>(name.size()) - 1, handle_) == 0) {
    name_ += fmt::format(" ({})", name.data());
  }
  if (const int count = attribute(*driver_, kMultiprocessorCount, handle_); count > 0) {
    multiprocessor_count_ = static_cast<unsigned>(count);
  }
  check(driver_->retain_context(&context_, handle_), "making a context");
  try {
    load(image);
  } catch (...) {
    driver_->release_context(handle_);
    throw;
  }
}

Device::~Device() {
  if (driver_->push_context(context_) == 0) {
    driver_->unload_module(module_);
    void* popped = nullptr;
    driver_->pop_context(&popped);
  }
  driver_->release_context(handle_);
}

void Device::load(std::span<const std::byte> image) {
  const Current current(*this);
  const Result result = driver_->load_module(&module_, image.data());
  if (is_about_image(result)) {
    throw ForeignImage(fmt::format("{}: the driver (for CUDA {}) does not take our kernels: {}",
                                   name_, version_text(*driver_), driver_->text(result)));
  }
  check(result, "loading the kernels");
  const auto find = [&](void*& function, const std::string& name) {
    check(driver_->find_function(&function, module_, name.c_str()), name.c_str());
  };
  static_assert(kKernelNames.size() == kKernels);
  for (size_t kernel = 0; kernel < kKernels; ++kernel) {
    for (size_t format = 0; format < kFormats; ++format) {
      find(functions_[kernel][format],
           fmt::format("rangefinder_{}_{}", kKernelNames[kernel], kFormatNames[format]));
    }
  }
  find(assign_, "rangefinder_assign");
  find(windows_, "rangefinder_windows");
}

void Device::check(Result result, const char* what) const {
  if (result != 0) throw Error(fmt::format("{}: {}: {}", name_, what, driver_->text(result)));
}

void* Device::function_of(Kernel kernel, ElementType type) const {
  const size_t format = format_of(type);
  if (kernel == Kernel::kAssign) return assign_;
  if (kernel == Kernel::kWindows) return windows_;
  return functions_[static_cast<size_t>(kernel)][format];
}

void Device::launch_with(Kernel kernel, ElementType type, const Grid& grid, const void* arguments,
                         void* stream) const {
  void* const function = function_of(kernel, type);
  const Current current(*this);
  // The driver takes pointers to non-const, but copies what they point to.
  std::array<void*, 1> parameters = {const_cast<void*>(arguments)};
  check(driver_->launch(function, grid.blocks, 1, 1, grid.threads, 1, 1, 0, stream,
                        parameters.data(), nullptr),
        "starting a kernel");
}

void Device::copy_to_host(std::span<std::byte> to, Address from) const {
  if (to.empty()) return;
  const Current current(*this);
  check(driver_->copy_to_host(to.data(), from, to.size()), "copying to the host");
}

void Device::copy_from_host(Address to, std::span<const std::byte> from) const {
  if (from.empty()) return;
  const Current current(*this);
  check(driver_->copy_from_host(to, from.data(), from.size()), "copying from the host");
}

void Device::clear(Address address, size_t size) const {
  if (size == 0) return;
  const Current current(*this);
  check(driver_->fill(address, 0, size), "clearing memory");
  check(driver_->synchronize_stream(nullptr), "clearing memory");
}

OpenedDevice open_device(int number, const OpenedDriver& driver, std::span<const std::byte> image) {
  if (image.empty()) {
    return {.none_because = "this build has no kernels for CUDA (CMake option RANGEFINDER_CUDA)"};
  }
  if (!driver.driver) return {.none_because = driver.none_because};
  int count = 0;
  const Result result = driver.driver->device_count(&count);
  if (result != 0 && result != kNoDevice) {
    throw Error(fmt::format("CUDA: counting devices: {}", driver.driver->text(result)));
  }
  if (count <= 0) return {.none_because = "the CUDA driver finds no device"};
  if (number < 0 || number >= count) {
    throw Error(fmt::format("no CUDA device {}; the last one is {}", number, count - 1));
  }
  int handle = 0;
  driver.driver->device_at(&handle, number);
  if (std::string reason = refusal(*driver.driver, handle, number); !reason.empty()) {
    return {.none_because = std::move(reason)};
  }
  try {
    return {.device = std::make_shared<const Device>(driver.driver, number, image)};
  } catch (const ForeignImage& error) {
    return {.none_because = error.what()};
  }
}

OpenedDevice open_device(int number) {
  static std::mutex mutex;
  static std::map<int, std::weak_ptr<const Device>> held;
  const std::lock_guard lock(mutex);
  if (auto device = held[number].lock()) return {.device = std::move(device)};
  OpenedDevice opened = open_device(number, open_driver(), kernel_image());
  held[number] = opened.device;
  return opened;
}

Memory::Memory(std::shared_ptr<const Device> device, size_t size, const std::string& what)
    : device_(std::move(device)), size_(size) {
  if (size == 0) return;
  const Driver& driver = *device_->driver_;
  const Device::Current current(*device_);
  const Result result = driver.allocate(&address_, size);
  if (result == kOutOfMemory) {
    size_t free = 0;
    size_t total = 0;
    driver.memory_info(&free, &total);
    throw Error(fmt::format("{}: out of memory: {} bytes needed for {}, {} of {} free",
                            device_->name(), size, what, free, total));
  }
  device_->check(result, "allocating memory");
  try {
    device_->clear(address_, size);
  } catch (...) {
    driver.free(address_);
    throw;
  }
}

Memory::~Memory() {
  if (address_ == 0) return;
  const Driver& driver = *device_->driver_;
  if (driver.push_context(device_->context_) != 0) return;
  driver.free(address_);
  void* popped = nullptr;
  driver.pop_context(&popped);
}

Memory::Memory(Memory&& other) noexcept
    : device_(std::move(other.device_)),
      address_(std::exchange(other.address_, 0)),
      size_(std::exchange(other.size_, 0)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(address_, other.address_);
  std::swap(size_, other.size_);
  return *this;
}

void Memory::copy_from(const Memory& from) {
  if (from.size_ > size_) throw std::invalid_argument("more than there is room for");
  if (from.size_ == 0) return;
  const Device::Current current(*device_);
  device_->check(device_->driver_->copy(address_, from.address_, from.size_), "copying");
  device_->check(device_->driver_->synchronize_stream(nullptr), "copying");
}

Event::Event(std::shared_ptr<const Device> device) : device_(std::move(device)) {
  // Without a time: such events are quicker.
  constexpr unsigned kDisableTiming = 2;
  const Device::Current current(*device_);
  device_->check(device_->driver_->create_event(&handle_, kDisableTiming), "making an event");
}

Event::~Event() {
  const Driver& driver = *device_->driver_;
  if (driver.push_context(device_->context_) != 0) return;
  driver.destroy_event(handle_);
  void* popped = nullptr;
  driver.pop_context(&popped);
}

void Event::record(void* stream) {
  const Device::Current current(*device_);
  device_->check(device_->driver_->record_event(handle_, stream), "recording an event");
}

void Event::wait() {
  const Device::Current current(*device_);
  device_->check(device_->driver_->synchronize_event(handle_), "counting");
}

}  // namespace rangefinder::cuda
