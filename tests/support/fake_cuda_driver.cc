// A CUDA driver without a device: memory is the host's, and kernels run under the emulation of
// blocks and warps. It is opened as any driver is, so that all but the hardware is exercised.
//
// Settings, by fake_driver_set() or from the start by FAKE_CUDA: "devices=2 memory=1000000
// capability=61 version=12040 seed=7 fail=cuModuleLoadData:209". Kernels in a stream other than
// the null one wait until somebody synchronizes: what is read too early is not there yet.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#include "cuda/channel_kernels.h"
#include "cuda/count_kernel.h"
#include "cuda/driver.h"
#include "cuda/matrix_kernels.h"
#include "cuda/row_kernel.h"
#include "cuda/sum_kernel.h"
#include "support/cuda_emulation.h"

namespace {

using namespace rangefinder::cuda;
using rangefinder::emulation::Launch;
using rangefinder::emulation::Machine;

constexpr int kNotFound = 500;
constexpr int kLaunchFailed = 719;

struct Settings {
  int devices = 1;
  int capability = 90;
  int version = 13000;
  size_t memory = size_t{1} << 30;
  uint64_t seed = 0;
  std::map<std::string, int> failures = {};
};

struct Stream {
  std::deque<std::function<void()>> waiting = {};
  uint64_t done = 0;
};

struct Event {
  Stream* stream = nullptr;
  uint64_t after = 0;
};

struct Function {
  void (*run)(const Launch& launch, const void* arguments);
  size_t argument_size;
};

struct State {
  std::recursive_mutex mutex;
  Settings settings;
  std::map<uint64_t, size_t> allocations;
  size_t used = 0;
  std::map<void*, Stream> streams;
  uint64_t launches = 0;
  int contexts = 0;
  int retained = 0;
  int result = 0;
  std::map<std::string, int> calls;
  uint64_t copied = 0;
};

State& state() {
  static State the_state;
  return the_state;
}

/// A driver that was set anew has nothing to do: what a test left waiting reads its memory.
void set(const char* text) {
  for (auto& [handle, stream] : state().streams) stream.waiting.clear();
  Settings settings;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (name == "devices") settings.devices = std::stoi(value);
    if (name == "capability") settings.capability = std::stoi(value);
    if (name == "version") settings.version = std::stoi(value);
    if (name == "memory") settings.memory = std::stoull(value);
    if (name == "seed") settings.seed = std::stoull(value);
    if (name == "fail") {
      const size_t colon = value.find(':');
      settings.failures[value.substr(0, colon)] = std::stoi(value.substr(colon + 1));
    }
  }
  const std::lock_guard lock(state().mutex);
  state().settings = settings;
}

/// What the function shall return without doing anything; 0: nothing of the kind.
int failure(const char* function) {
  const std::lock_guard lock(state().mutex);
  const auto found = state().settings.failures.find(function);
  return found == state().settings.failures.end() ? 0 : found->second;
}

void run_until(Stream& stream, uint64_t end) {
  while (stream.done < end && !stream.waiting.empty()) {
    const auto work = stream.waiting.front();
    stream.waiting.pop_front();
    ++stream.done;
    work();
  }
}

template <class Arguments, class Kernel>
Function plain_kernel() {
  return {[](const Launch& launch, const void* arguments) {
            rangefinder::emulation::run(
                launch, [&](void*) { Kernel::run(*static_cast<const Arguments*>(arguments)); });
          },
          sizeof(Arguments)};
}

template <class Arguments, class Shared, class Kernel>
Function shared_kernel() {
  return {[](const Launch& launch, const void* arguments) {
            Launch with_shared = launch;
            with_shared.shared_size = sizeof(Shared);
            rangefinder::emulation::run(with_shared, [&](void* shared) {
              Kernel::run(*static_cast<const Arguments*>(arguments), *static_cast<Shared*>(shared));
            });
          },
          sizeof(Arguments)};
}

template <class Format>
void add_kernels(std::map<std::string, Function>& functions, const std::string& format) {
  functions["rangefinder_count_" + format] =
      shared_kernel<CountArguments, CountShared, CountKernel<Machine, Format>>();
  functions["rangefinder_mark_" + format] =
      plain_kernel<ChannelArguments, MarkKernel<Machine, Format>>();
  functions["rangefinder_page_" + format] =
      plain_kernel<ChannelArguments, PageKernel<Machine, Format>>();
  functions["rangefinder_sum_" + format] =
      shared_kernel<SumArguments, SumShared, SumKernel<Machine, Format>>();
  functions["rangefinder_row_" + format] = plain_kernel<RowArguments, RowKernel<Machine, Format>>();
  functions["rangefinder_survey_" + format] =
      plain_kernel<CoverageArguments, SurveyKernel<Machine, Format>>();
  functions["rangefinder_weigh_" + format] =
      shared_kernel<CoverageArguments, WeighShared, WeighKernel<Machine, Format>>();
  functions["rangefinder_positions_" + format] =
      plain_kernel<WindowArguments, MarkPositionsKernel<Machine, Format>>();
}

std::map<std::string, Function>& functions() {
  static auto all = [] {
    std::map<std::string, Function> made;
    add_kernels<Float32>(made, "float32");
    add_kernels<Float16>(made, "float16");
    add_kernels<Bfloat16>(made, "bfloat16");
    made["rangefinder_assign"] = plain_kernel<ChannelArguments, AssignKernel<Machine>>();
    made["rangefinder_windows"] = plain_kernel<WindowArguments, ZeroWindowsKernel<Machine>>();
    return made;
  }();
  return all;
}

void run_kernel(const Function& function, Launch launch, const std::vector<std::byte>& arguments) {
  try {
    launch.seed = state().settings.seed + state().launches++;
    function.run(launch, arguments.data());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fake driver: %s\n", error.what());
    state().result = kLaunchFailed;
  }
}

/// Whether the device's memory holds these bytes.
bool holds(uint64_t address, size_t size) {
  auto after = state().allocations.upper_bound(address);
  if (after == state().allocations.begin()) return false;
  const auto& [begin, length] = *--after;
  return address - begin <= length && size <= length - (address - begin);
}

}  // namespace

#define FAKE_BEGIN                                         \
  if (const int result = failure(__func__)) return result; \
  const std::lock_guard lock(state().mutex);               \
  ++state().calls[__func__];

extern "C" {

void fake_driver_set(const char* settings) { set(settings); }
size_t fake_driver_used() { return state().used; }
/// How often the function succeeded, or began to.
int fake_driver_calls(const char* function) {
  const std::lock_guard lock(state().mutex);
  return state().calls[function];
}
/// Bytes that came from the device to the host.
uint64_t fake_driver_copied() { return state().copied; }
uint64_t fake_driver_launches() { return state().launches; }
int fake_driver_contexts() { return state().contexts + state().retained; }

int cuInit(unsigned) {
  static const bool once = [] {
    if (const char* text = std::getenv("FAKE_CUDA")) set(text);
    return true;
  }();
  static_cast<void>(once);
  FAKE_BEGIN
  return 0;
}

int cuDriverGetVersion(int* version) {
  FAKE_BEGIN
  *version = state().settings.version;
  return 0;
}

int cuGetErrorString(int result, const char** text) {
  *text = result == 2     ? "out of memory"
          : result == 719 ? "unspecified launch failure"
                          : "fake error";
  return 0;
}

int cuDeviceGetCount(int* count) {
  FAKE_BEGIN
  *count = state().settings.devices;
  return 0;
}

int cuDeviceGet(int* device, int number) {
  FAKE_BEGIN
  *device = number + 40;
  return 0;
}

int cuDeviceGetName(char* name, int size, int) {
  FAKE_BEGIN
  std::snprintf(name, static_cast<size_t>(size), "emulated");
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int) {
  FAKE_BEGIN
  if (attribute == kMultiprocessorCount) *value = 2;
  if (attribute == kComputeCapabilityMajor) *value = state().settings.capability / 10;
  if (attribute == kComputeCapabilityMinor) *value = state().settings.capability % 10;
  return 0;
}

int cuDevicePrimaryCtxRetain(void** context, int device) {
  FAKE_BEGIN
  ++state().retained;
  *context = reinterpret_cast<void*>(static_cast<uintptr_t>(device));
  return 0;
}

int cuDevicePrimaryCtxRelease_v2(int) {
  FAKE_BEGIN
  --state().retained;
  return 0;
}

int cuCtxPushCurrent_v2(void*) {
  FAKE_BEGIN
  ++state().contexts;
  return 0;
}

int cuCtxPopCurrent_v2(void** context) {
  FAKE_BEGIN
  --state().contexts;
  *context = nullptr;
  return 0;
}

int cuModuleLoadData(void** module, const void*) {
  FAKE_BEGIN
  *module = &state();
  return 0;
}

int cuModuleUnload(void*) {
  FAKE_BEGIN
  return 0;
}

int cuModuleGetFunction(void** function, void*, const char* name) {
  FAKE_BEGIN
  const auto found = functions().find(name);
  if (found == functions().end()) return kNotFound;
  *function = &found->second;
  return 0;
}

int cuMemAlloc_v2(Address* address, size_t size) {
  FAKE_BEGIN
  if (size > state().settings.memory - std::min(state().settings.memory, state().used)) return 2;
  void* const memory = ::operator new(size, std::align_val_t(256));
  std::memset(memory, 0xA5, size);
  *address = reinterpret_cast<uint64_t>(memory);
  state().allocations[*address] = size;
  state().used += size;
  return 0;
}

int cuMemFree_v2(Address address) {
  FAKE_BEGIN
  const auto found = state().allocations.find(address);
  if (found == state().allocations.end()) return 1;
  state().used -= found->second;
  state().allocations.erase(found);
  ::operator delete(reinterpret_cast<void*>(address), std::align_val_t(256));
  return 0;
}

int cuMemGetInfo_v2(size_t* free, size_t* total) {
  FAKE_BEGIN
  *total = state().settings.memory;
  *free = state().settings.memory - state().used;
  return 0;
}

int cuMemcpyDtoH_v2(void* to, Address from, size_t size) {
  FAKE_BEGIN
  std::memcpy(to, reinterpret_cast<const void*>(from), size);
  state().copied += size;
  return state().result;
}

int cuMemcpyHtoD_v2(Address to, const void* from, size_t size) {
  FAKE_BEGIN
  if (!holds(to, size)) return 1;
  std::memcpy(reinterpret_cast<void*>(to), from, size);
  return 0;
}

int cuMemcpyDtoD_v2(Address to, Address from, size_t size) {
  FAKE_BEGIN
  if (!holds(to, size) || !holds(from, size)) return 1;
  std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), size);
  return 0;
}

int cuMemsetD8_v2(Address to, unsigned char byte, size_t size) {
  FAKE_BEGIN
  if (!holds(to, size)) return 1;
  std::memset(reinterpret_cast<void*>(to), byte, size);
  return 0;
}

int cuLaunchKernel(void* function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned,
                   unsigned, unsigned, void* stream, void** arguments, void**) {
  FAKE_BEGIN
  const Function& kernel = *static_cast<const Function*>(function);
  const auto* bytes = static_cast<const std::byte*>(arguments[0]);
  auto work = [kernel, launch = Launch{.blocks = blocks, .threads = threads},
               copy = std::vector<std::byte>(bytes, bytes + kernel.argument_size)] {
    run_kernel(kernel, launch, copy);
  };
  if (stream == nullptr) {
    work();
  } else {
    state().streams[stream].waiting.emplace_back(std::move(work));
  }
  return state().result;
}

int cuStreamSynchronize(void* stream) {
  FAKE_BEGIN
  if (stream != nullptr) run_until(state().streams[stream], UINT64_MAX);
  return state().result;
}

int cuEventCreate(void** event, unsigned) {
  FAKE_BEGIN
  *event = new Event;
  return 0;
}

int cuEventRecord(void* event, void* stream) {
  FAKE_BEGIN
  Stream& recorded = state().streams[stream];
  *static_cast<Event*>(event) = {&recorded, recorded.done + recorded.waiting.size()};
  return 0;
}

int cuEventSynchronize(void* event) {
  FAKE_BEGIN
  const Event& reached = *static_cast<const Event*>(event);
  if (reached.stream != nullptr) run_until(*reached.stream, reached.after);
  return state().result;
}

int cuEventDestroy_v2(void* event) {
  FAKE_BEGIN
  delete static_cast<Event*>(event);
  return 0;
}

}  // extern "C"
