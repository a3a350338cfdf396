#include "rangefinder/input_range_counter.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "rangefinder/error.h"
#include "support/fake_cuda.h"

namespace rangefinder {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using Type = InputRangeCalibrationType;

Tensor call(Shape shape, std::vector<float> values) {
  return Tensor::from_floats(std::move(shape), values);
}

/// Two calls whose figures AIHWKIT-Lightning 2.1.0 was asked for (docs/numerics/analog.md).
std::vector<float> ranges_of_two_calls(Type type, double quantile, int64_t max_input_size) {
  InputRangeCounter counter(type, {.columns = 4, .max_input_size = max_input_size},
                            {.quantile = quantile}, AnalogCompatibility::kAihwkit);
  counter.observe(call({3, 4}, {1, -4, 2, 0.5F, 0, 0, 0, 0, 3, 1, -1, 2.5F}).view());
  counter.observe(call({1, 4}, {-6, 0, 1, 1}).view());
  return counter.ranges().value();
}

TEST(InputRangeCounter, GivesTheReferencesFiguresSliceBySlice) {
  EXPECT_THAT(ranges_of_two_calls(Type::kMax, 1, -1), ElementsAre(6));
  EXPECT_THAT(ranges_of_two_calls(Type::kMax, 1, 2), ElementsAre(6, 2.5F));
  EXPECT_THAT(ranges_of_two_calls(Type::kMovingQuantile, 0.75, 2), ElementsAre(0, 1.5625F));
  EXPECT_THAT(ranges_of_two_calls(Type::kMovingQuantile, 1, -1), ElementsAre(5));
  EXPECT_THAT(ranges_of_two_calls(Type::kMovingStd, 1, -1), ElementsAre(FloatEq(8.421775F)));
  EXPECT_THAT(ranges_of_two_calls(Type::kCacheQuantile, 0.75, 2), ElementsAre(1, 1.75F));
}

/// Naive: the largest magnitude in each row block of the built matrix of patches.
std::vector<float> naive_max(const std::vector<float>& image, int64_t side, int64_t kernel,
                             int64_t pad, const std::vector<int64_t>& slices) {
  std::vector<float> columns(static_cast<size_t>(kernel * kernel), 0.0F);
  for (int64_t y = -pad; y + kernel <= side + pad; ++y) {
    for (int64_t x = -pad; x + kernel <= side + pad; ++x) {
      for (int64_t k = 0; k < kernel * kernel; ++k) {
        const int64_t row = y + k / kernel;
        const int64_t column = x + k % kernel;
        if (row < 0 || column < 0 || row >= side || column >= side) continue;
        float& largest = columns[static_cast<size_t>(k)];
        largest = std::max(largest, std::abs(image[static_cast<size_t>(row * side + column)]));
      }
    }
  }
  std::vector<float> result;
  auto begin = columns.begin();
  for (const int64_t width : slices) {
    result.push_back(*std::max_element(begin, begin + width));
    begin += width;
  }
  return result;
}

TEST(InputRangeCounter, SeesTheWindowsOfAConvolutionWithAndWithoutABatch) {
  std::vector<float> image(36);
  for (size_t i = 0; i < image.size(); ++i) image[i] = std::sin(static_cast<float>(7 * i)) * 3;
  image[0] = 50;  // A corner: under this padding four of nine entries see it.
  const AnalogLayerInput layer{.columns = 9,
                               .kernel = {3, 3},
                               .stride = {1, 1},
                               .dilation = {1, 1},
                               .padding = {1, 1, 1, 1},
                               .max_input_size = 4};
  for (const Shape& shape : {Shape{1, 1, 6, 6}, Shape{1, 6, 6}}) {
    InputRangeCounter counter(Type::kMax, layer);
    counter.observe(call(shape, image).view());
    EXPECT_THAT(counter.slices(), ElementsAre(3, 3, 3));
    EXPECT_EQ(counter.ranges().value(), naive_max(image, 6, 3, 1, counter.slices()));
  }
}

TEST(InputRangeCounter, TakesCallsOfSeveralShapes) {
  InputRangeCounter counter(Type::kMax, {.columns = 2});
  EXPECT_EQ(counter.ranges(), std::nullopt);
  counter.observe(call({2}, {0, 0}).view());
  EXPECT_EQ(counter.ranges(), std::nullopt);
  counter.observe(call({1, 3, 2}, {1, 2, 3, -4, 0, 0}).view());
  counter.observe(call({2}, {7, 0}).view());
  EXPECT_THAT(counter.ranges().value(), ElementsAre(7));
}

TEST(InputRangeCounter, WhatDoesNotFitIsNamed) {
  InputRangeCounter counter(Type::kMax, {.columns = 4});
  EXPECT_THROW(counter.observe(call({2, 2}, {1, 2, 3, 4}).view()), std::invalid_argument);
  EXPECT_THROW(counter.observe(Tensor(ElementType::kInt32, {4}).view()), std::invalid_argument);
  EXPECT_THROW(counter.observe(call({4}, {1, 2, 3, std::nanf("")}).view()), std::domain_error);
  EXPECT_EQ(counter.ranges(), std::nullopt);
  InputRangeCounter convolution(Type::kMax, {.columns = 18, .kernel = {3, 3}});
  EXPECT_THROW(convolution.observe(call({1, 1, 3, 3}, std::vector<float>(9, 1)).view()),
               std::invalid_argument);
}

TEST(InputRangeCounter, RefusesWhatFindsNoRanges) {
  EXPECT_THROW(InputRangeCounter(Type::kNone, {.columns = 4}), std::invalid_argument);
  EXPECT_THROW(InputRangeCounter(Type::kMax, {.columns = 0}), std::invalid_argument);
  EXPECT_THROW(InputRangeCounter(Type::kMse, {.columns = 4}), std::invalid_argument);
  EXPECT_THROW(InputRangeCounter(Type::kMax, {.columns = 4}, {.quantile = 2}),
               std::invalid_argument);
}

TEST(InputRangeCounter, OnADeviceFindsTheRangesOfTheHost) {
  if (RANGEFINDER_HAS_KERNELS == 0) GTEST_SKIP() << "a build without kernels";
  cuda::use_fake_driver_as_system("devices=2");
  const AnalogLayerInput layer{.columns = 12, .max_input_size = 5, .inp_res = 254};
  std::vector<float> values(60);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = i < 12 ? 0.0F : std::sin(static_cast<float>(i)) * 3;
  }
  const TensorPlace places[] = {{.device = {Device::Kind::kCuda, 0}, .stream = cuda::fake_stream()},
                                {.device = {Device::Kind::kCuda, 1}},
                                {}};
  for (const Type type : {Type::kMax, Type::kMovingStd, Type::kMovingQuantile, Type::kCacheQuantile,
                          Type::kQuantile, Type::kMse}) {
    InputRangeCounter on_host(type, layer, {.quantile = 0.9});
    InputRangeCounter counter(type, layer, {.quantile = 0.9});
    const bool counts = type == Type::kMax || type == Type::kQuantile || type == Type::kMse;
    EXPECT_EQ(counter.counts_on_device(), counts);
    for (const TensorPlace& place : places) {
      const Tensor input = call({5, 12}, values);
      on_host.observe(input.view());
      counter.observe(input.view(), place);
      EXPECT_EQ(counter.ranges(), on_host.ranges()) << static_cast<int>(type);
      for (float& value : values) value *= 1.7F;
    }
  }
  InputRangeCounter counter(Type::kMax, layer);
  EXPECT_THAT(
      [&] {
        counter.observe(call({5, 12}, values).view(), {.device = {Device::Kind::kCuda, 2}});
      },
      testing::ThrowsMessage<Error>("no CUDA device 2; the last one is 1"));
  values[13] = std::nanf("");
  EXPECT_THROW(counter.observe(call({5, 12}, values).view(), places[0]), std::domain_error);
  EXPECT_FALSE(counter.ranges().has_value());
}

}  // namespace
}  // namespace rangefinder
