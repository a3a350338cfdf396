// Calls whose inputs lie on an (emulated) device against the same calls on the host: what a method
// remembers of them, byte by byte.

#include "analog/ranges/device_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "analog/calls.h"
#include "statistics/wire.h"
#include "support/fake_cuda.h"
#include "support/streams.h"
#include "tensor/half.h"

namespace rangefinder::analog {
namespace {

using tensor::ElementType;
using tensor::Tensor;
using Type = InputRangeType;

struct Layer {
  std::string name;
  PatchGeometry geometry;
  int64_t limit;
  /// Of one call.
  std::vector<tensor::Shape> calls;

  PatchPlan plan(const tensor::Shape& shape) const {
    PatchGeometry its = geometry;
    if (shape.size() == 4) its = convolution(shape);
    return {its, balanced_slices(its.features(), limit)};
  }
  ConvolutionAttributes attributes = {};
  PatchGeometry convolution(const tensor::Shape& shape) const {
    return convolution_geometry(attributes, shape);
  }
};

std::vector<Layer> layers() {
  const ConvolutionAttributes same{.kernel_shape = {3, 3}, .pads = {1, 1, 1, 1}};
  const ConvolutionAttributes wide{
      .kernel_shape = {2, 3}, .strides = {3, 2}, .dilations = {1, 2}, .pads = {0, 2, 1, 1}};
  const ConvolutionAttributes point{.kernel_shape = {1, 1}};
  return {{"linear", linear_geometry(20), -1, {{9, 20}, {1, 20}, {3, 4, 20}}},
          {"linear in tiles", linear_geometry(20), 7, {{9, 20}, {5, 20}}},
          {"convolution", {}, -1, {{2, 3, 6, 7}, {1, 3, 6, 7}, {2, 3, 9, 4}}, same},
          {"convolution in tiles", {}, 8, {{2, 3, 6, 7}, {1, 3, 4, 4}}, same},
          {"strides and gaps", {}, 11, {{2, 5, 9, 8}}, wide},
          {"1x1", {}, -1, {{3, 8, 4, 4}}, point}};
}

/// With zero rows and, behind, whole zero calls, as post-ReLU data has them.
Tensor call(const tensor::Shape& shape, const char* stream, uint32_t seed) {
  Tensor values = support::stream_batch(stream, seed, shape);
  const std::span<float> all = values.floats();
  for (size_t i = 0; i < all.size() / 3; ++i) all[i] = i % 2 == 0 ? 0.0f : -0.0f;
  return values;
}

std::string remembered(const RangeMethod& method) {
  statistics::WireWriter writer;
  method.encode(writer);
  return writer.bytes();
}

std::unique_ptr<RangeMethod> method_of(Type type, size_t slices,
                                       Compatibility compatibility = Compatibility::kNone) {
  RpuConfig config;
  config.forward.inp_res = 254;
  return make_range_method(type, {.quantile = 0.97, .compatibility = compatibility}, config,
                           slices);
}

cuda::DeviceValues on_device(const Tensor& values) {
  return {values.bytes().data(), values.type(), values.element_count(), cuda::fake_stream()};
}

const std::vector<Type> kTypes = {Type::kMax,       Type::kQuantile,       Type::kMse,
                                  Type::kMovingStd, Type::kMovingQuantile, Type::kCacheQuantile};

TEST(DeviceCalls, LeaveWhatTheSameCallsLeaveOnTheHost) {
  for (const Layer& layer : layers()) {
    for (const Type type : kTypes) {
      for (const char* stream : {"normal", "relu", "huge", "tiny"}) {
        const size_t slices = layer.plan(layer.calls.front()).slices.size();
        const auto on_host = method_of(type, slices);
        const auto found = method_of(type, slices);
        DeviceCalls calls(cuda::fake_device("seed=5"));
        for (uint32_t i = 0; i < layer.calls.size(); ++i) {
          const Tensor values = call(layer.calls[i], stream, i);
          const PatchPlan plan = layer.plan(layer.calls[i]);
          on_host->observe({i, 0}, ActivationMatrix(plan, values.floats()));
          calls.observe({i, 0}, plan, on_device(values), *found);
          if (i == 0) calls.flush(*found);  // Ranges may be asked for at any time.
        }
        calls.flush(*found);
        EXPECT_EQ(remembered(*found), remembered(*on_host))
            << layer.name << ' ' << static_cast<int>(type) << ' ' << stream;
        EXPECT_EQ(found->ranges(), on_host->ranges());
      }
    }
  }
}

Tensor halves(const Tensor& values, ElementType type) {
  Tensor result(type, values.shape());
  auto* const to = reinterpret_cast<uint16_t*>(result.bytes().data());
  for (size_t i = 0; i < values.element_count(); ++i) {
    const float value = values.floats()[i];
    to[i] = type == ElementType::kBfloat16
                ? static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16)
                : static_cast<uint16_t>(0x3C00u + (i % 700) * 5 + (i % 2 << 15));
  }
  return result;
}

TEST(DeviceCalls, HalvesCountAsTheFloatsTheyStandFor) {
  const Layer layer = layers()[2];
  const tensor::Shape& shape = layer.calls.front();
  const PatchPlan plan = layer.plan(shape);
  for (const ElementType type : {ElementType::kFloat16, ElementType::kBfloat16}) {
    const Tensor values = halves(call(shape, "normal", 3), type);
    const Tensor floats = values.to_float32();
    for (const Type range : kTypes) {
      const auto on_host = method_of(range, 1);
      on_host->observe({}, ActivationMatrix(plan, floats.floats()));
      const auto found = method_of(range, 1);
      DeviceCalls calls(cuda::fake_device());
      calls.observe({}, plan, on_device(values), *found);
      calls.flush(*found);
      EXPECT_EQ(remembered(*found), remembered(*on_host)) << static_cast<int>(range);
    }
  }
}

TEST(DeviceCalls, WithNanAreRefusedAndLeaveNoTrace) {
  const LinearCalls data{4, 2, {{1, 2, 3, 4}, {1, 2, 3, NAN}, {INFINITY, 0, 0, 0}}};
  const PatchPlan plan = data.plan();
  for (const Type type : {Type::kMax, Type::kQuantile, Type::kMse}) {
    const auto method = method_of(type, 2);
    DeviceCalls calls(cuda::fake_device());
    const auto show = [&](size_t i) {
      calls.observe({i, 0}, plan, on_device(Tensor::from_floats({1, 4}, data.calls[i])), *method);
    };
    show(0);
    calls.flush(*method);
    const std::string before = remembered(*method);
    EXPECT_THROW(show(1), std::domain_error) << static_cast<int>(type);
    EXPECT_THROW(show(2), std::domain_error);
    calls.flush(*method);
    EXPECT_EQ(remembered(*method), before);
  }
}

TEST(DeviceCalls, OfCompatibilityAreSeenValueByValue) {
  const auto method = method_of(Type::kMax, 1, Compatibility::kAihwkit);
  EXPECT_EQ(method->sight(), Sight::kValues);
  const LinearCalls data{2, -1, {{1, 2}, {9, NAN}}};
  const PatchPlan plan = data.plan();
  DeviceCalls calls(cuda::fake_device());
  for (size_t i = 0; i < 2; ++i) {
    calls.observe({i, 0}, plan, on_device(Tensor::from_floats({1, 2}, data.calls[i])), *method);
  }
  calls.flush(*method);
  EXPECT_EQ(method->ranges()->at(0), 2.0f);
}

TEST(DeviceCalls, BlockedActivationsAreRefused) {
  const auto method = method_of(Type::kMax, 1);
  PatchGeometry geometry;
  geometry.channels = 8;
  const PatchPlan plan(geometry, balanced_slices(8, -1), 8);
  DeviceCalls calls(cuda::fake_device());
  const Tensor values(ElementType::kFloat32, {8});
  EXPECT_THROW(calls.observe({}, plan, on_device(values), *method), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
