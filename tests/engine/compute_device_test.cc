// Observing on a device, with an emulated one: the whole way from the Observe operator through the
// driver to the statistics. ONNX Runtime's own provider for CUDA needs a GPU and is not in it: the
// CPU computes, and its memory passes for the device's.

#include "engine/compute_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/observe.h"
#include "support/fake_cuda.h"
#include "support/memory_samples.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::NamedTensors;
using tensor::Tensor;
using test_support::MemorySamples;
using test_support::OnnxBuilder;
using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kSide = 7;

/// A picture's way through a Conv, and a matrix at its end; "wide" is float16.
ModelSource model() {
  OnnxBuilder b;
  b.input("x", {-1, 3, kSide, kSide});
  b.weights("w", {12, 3, 3, 3});
  b.node("Conv", {"x", "w"}, {"c"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c"}, {"r"});
  b.node("GlobalAveragePool", {"r"}, {"mean"});
  b.node("Flatten", {"mean"}, {"flat"});
  b.weights("m", {12, 9});
  b.node("MatMul", {"flat", "m"}, {"y"});
  b.node("Cast", {"y"}, {"half"}).integer("to", onnx::TensorProto::FLOAT16);
  b.node("Cast", {"half"}, {"out"}).integer("to", onnx::TensorProto::FLOAT);
  b.output("out", {-1, 9});
  return {b.bytes(), "net.onnx"};
}

/// Everything that can be asked of a tensor.
const std::vector<ObservedTensor> kTensors = {
    {.name = "r"},
    {.name = "r", .channel_axis = 1, .sum_axis = 1},
    {.name = "y", .row_axis = -1, .sum_axis = -1, .spread_axis = -1},
    {.name = "x", .sum_axis = 1, .is_counted = false},
    {.name = "half", .channel_axis = 1, .row_axis = 1},
    {.name = "half", .sum_axis = 1, .spread_axis = 1},
    {.name = "c", .row_axis = 1},
};

std::vector<NamedTensors> samples(size_t count) {
  return test_support::picture_samples(count, kSide);
}

ComputeDevice emulated(const std::string& settings = {}) {
  return {.cuda = cuda::fake_device(settings), .place = ObservePlace::kCpuAsDevice};
}

Observation observe_on(ComputeDevice device, const std::vector<NamedTensors>& data,
                       const RunControl& control) {
  const MemorySamples source(data);
  Observer observer(model(), kTensors, worker_count(control.jobs, data.size()), control,
                    std::move(device));
  return observer.observe(feed_from(source), {"observe", data.size()});
}

TEST(ComputeDevice, CountsWhatTheCpuCounts) {
  const auto data = samples(5);
  const auto expected = observe(model(), kTensors, MemorySamples(data)).tensors;
  for (const int jobs : {1, 3}) {
    for (const char* seed : {"seed=1", "seed=1000"}) {
      const auto found = observe_on(emulated(seed), data, {.jobs = jobs}).tensors;
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i], expected[i]) << kTensors[i].name << ' ' << i << ", " << jobs << " jobs";
      }
    }
  }
}

TEST(ComputeDevice, PassesOfOneObserverKnowNothingOfEachOther) {
  const auto data = samples(4);
  const auto expected = observe(model(), kTensors, MemorySamples(data)).tensors;
  const MemorySamples source(data);
  Observer observer(model(), kTensors, 1, {.jobs = 1}, emulated());
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(observer.observe(feed_from(source), {"observe", 4}).tensors, expected) << pass;
  }
}

TEST(ComputeDevice, NanStopsAtItsSampleAndNamesTheTensor) {
  auto data = samples(4);
  data[2].begin()->second.floats()[0] = std::numeric_limits<float>::quiet_NaN();
  const auto error_of = [&](const auto& run) -> std::string {
    try {
      run();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string on_cpu =
      error_of([&] { observe(model(), kTensors, MemorySamples(data), {.jobs = 1}); });
  EXPECT_THAT(on_cpu, HasSubstr("NaN"));
  EXPECT_EQ(error_of([&] { observe_on(emulated(), data, {.jobs = 1}); }), on_cpu);
  const RunControl ignoring{.jobs = 1, .nonfinite = Nonfinite::kIgnore};
  EXPECT_EQ(observe_on(emulated(), data, ignoring).tensors,
            observe(model(), kTensors, MemorySamples(data), ignoring).tensors);
}

TEST(ComputeDevice, OutOfMemoryNamesTheSampleAndWhatIsNeeded) {
  const size_t used = cuda::fake_memory_used();
  try {
    observe_on(emulated("memory=" + std::to_string(used + 400'000)), samples(1), {.jobs = 1});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("net.onnx"), HasSubstr("out of memory"),
                                    HasSubstr("bytes needed for")));
  }
  EXPECT_EQ(cuda::fake_memory_used(), used);
}

TEST(ComputeDevice, TheCpuIsAlwaysUsable) {
  EXPECT_EQ(device_trouble({}), "");
  EXPECT_FALSE(open_compute_device({}).cuda);
  EXPECT_FALSE(open_compute_device({}).provider_device());
}

TEST(ComputeDevice, WhatCannotBeUsedIsToldAndTheCpuTaken) {
  const Device gpu{.kind = Device::Kind::kCuda, .number = 0};
  const std::string trouble = device_trouble(gpu);
  if (trouble.empty()) GTEST_SKIP() << "here is a GPU, and a provider for it";
  std::string told;
  RunControl control{.jobs = 3};
  control.device = gpu;
  control.notice = [&](const std::string& message) { told = message; };
  const UsableRun usable = with_usable_device(control);
  EXPECT_EQ(usable.control.device, Device());
  EXPECT_EQ(usable.control.jobs, 3);
  EXPECT_FALSE(usable.device.cuda);
  EXPECT_EQ(told, "cuda:0 cannot be used, the CPU is: " + trouble);
  // Whoever did not ask before gets an error.
  EXPECT_THROW(observe(model(), kTensors, MemorySamples(samples(1)), control), Error);
}

TEST(ComputeDevice, TheCpuNeedsNoNotice) {
  RunControl control;
  control.notice = [](const std::string& message) { ADD_FAILURE() << message; };
  EXPECT_EQ(with_usable_device(control).control.device, Device());
}

TEST(ComputeDevice, IsOpenedOnceForACheckAndAllThatFollows) {
  if (RANGEFINDER_HAS_KERNELS == 0) GTEST_SKIP() << "a build without kernels";
  cuda::use_fake_driver_as_system("devices=2");
  const int contexts = cuda::fake_contexts();
  const int loads = cuda::fake_calls("cuModuleLoadData");
  RunControl control;
  control.device = {.kind = Device::Kind::kCuda, .number = 1};
  control.notice = [](const std::string& message) { ADD_FAILURE() << message; };
  {
    const UsableRun usable = with_usable_device(control, [](int device) {
      EXPECT_EQ(device, 1);
      return std::string();
    });
    EXPECT_EQ(usable.control.device, control.device);
    const ComputeDevice opened = open_compute_device(usable.control.device);
    EXPECT_EQ(opened.cuda, usable.device.cuda);
    EXPECT_EQ(opened.provider_device(), 1);
    EXPECT_EQ(cuda::fake_calls("cuModuleLoadData"), loads + 1);
    EXPECT_EQ(cuda::fake_contexts(), contexts + 1);
  }
  EXPECT_EQ(cuda::fake_contexts(), contexts);
}

TEST(ComputeDevice, AMissingProviderLetsGoOfTheDevice) {
  if (RANGEFINDER_HAS_KERNELS == 0) GTEST_SKIP() << "a build without kernels";
  cuda::use_fake_driver_as_system();
  const int contexts = cuda::fake_contexts();
  std::string told;
  RunControl control;
  control.device.kind = Device::Kind::kCuda;
  control.notice = [&](const std::string& message) { told = message; };
  const UsableRun usable =
      with_usable_device(control, [](int) { return std::string("libcudnn is missing"); });
  EXPECT_EQ(usable.control.device, Device());
  EXPECT_EQ(told,
            "cuda:0 cannot be used, the CPU is: no provider for CUDA in ONNX Runtime: libcudnn is "
            "missing");
  EXPECT_EQ(cuda::fake_contexts(), contexts);
}

}  // namespace
}  // namespace rangefinder::engine
