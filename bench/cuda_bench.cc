// What share of a GPU's memory bandwidth does counting reach? The data are larger than any cache.
//
// cuda_bench [DEVICE]: one line for each kind of data; release builds only. The bandwidth beside it
// is that of copying the same bytes within the device (read and written).

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "cuda/count_kernel.h"
#include "cuda/counter.h"
#include "cuda/grids.h"

namespace {

using namespace rangefinder::cuda;
using Clock = std::chrono::steady_clock;
using Generator = std::function<float(size_t, float)>;

constexpr size_t kSize = size_t{1} << 28;
constexpr int kRuns = 20;

/// Normal values of a block that is repeated: making a billion bytes anew would take longer than
/// all the rest.
std::vector<float> generate(const Generator& value) {
  constexpr size_t kBlock = size_t{1} << 22;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(kSize);
  for (size_t i = 0; i < kBlock; ++i) values[i] = value(i, normal(random));
  for (size_t i = kBlock; i < kSize; ++i) values[i] = values[i - kBlock];
  return values;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double copy_bandwidth(const std::shared_ptr<const Device>& device, const Memory& values) {
  Memory copy(device, values.size(), "a copy");
  copy.copy_from(values);
  const auto start = Clock::now();
  for (int run = 0; run < kRuns; ++run) copy.copy_from(values);
  return 2.0 * static_cast<double>(values.size()) * kRuns / seconds_since(start);
}

double count_bandwidth(const std::shared_ptr<const Device>& device, const Memory& values) {
  const Memory table(device, kKeys * sizeof(uint32_t), "a table");
  const Memory record(device, sizeof(BatchRecord), "a record");
  const CountArguments arguments{values.as<float>(), kSize, table.as<uint32_t>(),
                                 record.as<BatchRecord>()};
  const Grid grid = count_grid(kSize, device->multiprocessor_count());
  Event done(device);
  const auto run_all = [&](int runs) {
    for (int run = 0; run < runs; ++run) {
      device->launch(Kernel::kCount, rangefinder::tensor::ElementType::kFloat32, grid, arguments,
                     nullptr);
    }
    done.record(nullptr);
    done.wait();
  };
  run_all(2);
  const auto start = Clock::now();
  run_all(kRuns);
  return static_cast<double>(values.size()) * kRuns / seconds_since(start);
}

int run(int number) {
  const OpenedDevice opened = open_device(number);
  if (!opened.device) {
    std::fprintf(stderr, "cuda_bench: %s\n", opened.none_because.c_str());
    return 1;
  }
  const std::pair<const char*, Generator> kinds[] = {
      {"normal", [](size_t, float x) { return x; }},
      {"relu", [](size_t, float x) { return std::fmax(0.0f, x); }},
      {"sparse", [](size_t i, float x) { return i % 50 == 0 ? x : 0.0f; }},
      {"saturated", [](size_t, float x) { return std::fmin(std::fmax(9 * x, 0.0f), 6.0f); }},
      {"constant", [](size_t, float) { return 1.5f; }},
      {"few levels", [](size_t, float x) { return std::round(2 * x) / 4; }},
      {"wide", [](size_t i, float x) { return std::ldexp(x, static_cast<int>(i % 60) - 30); }},
  };
  std::printf("%s, %zu MB of float32\n", opened.device->name().c_str(), kSize * 4 >> 20);
  for (const auto& [name, generator] : kinds) {
    const std::vector<float> host = generate(generator);
    const Memory values(opened.device, kSize * sizeof(float), "values");
    opened.device->copy_from_host(values.address(), std::as_bytes(std::span(host)));
    const double copied = copy_bandwidth(opened.device, values);
    const double counted = count_bandwidth(opened.device, values);
    std::printf("%-10s %7.0f GB/s, %3.0f %% of the %.0f GB/s of a copy\n", name, counted / 1e9,
                100 * counted / copied, copied / 1e9);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
#ifndef NDEBUG
  std::fprintf(stderr, "cuda_bench: a release build is needed\n");
  return 1;
#endif
  try {
    return run(argc > 1 ? std::atoi(argv[1]) : 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cuda_bench: %s\n", error.what());
    return 1;
  }
}
