#include "workflow/data_look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "support/memory_samples.h"

namespace rangefinder::workflow {
namespace {

using tensor::NamedTensors;
using tensor::Shape;
using tensor::Tensor;
using test_support::MemorySamples;

NamedTensors sample(const std::vector<float>& values, const std::string& name = "x") {
  return {{name, Tensor::from_floats({1, static_cast<int64_t>(values.size())}, values)}};
}

DataLook look_at(const std::vector<NamedTensors>& samples) {
  const MemorySamples source(samples);
  DataWatch watch;
  const auto feed = watch.watch(engine::feed_from(source));
  while (const auto pending = feed()) pending->read({});
  return watch.look();
}

TEST(DataWatch, TellsExtremesAndPower) {
  const auto look = look_at({sample({1, -3, 2}), sample({0.5f, NAN, 4})});
  ASSERT_EQ(look.inputs.size(), 1u);
  const InputLook& x = look.inputs.at("x");
  EXPECT_EQ(x.sample_count, 2u);
  EXPECT_EQ(x.minimum, -3);
  EXPECT_EQ(x.maximum, 4);
  EXPECT_EQ(x.squares, 1 + 9 + 4 + 0.25 + 16);
  EXPECT_EQ(x.count, 6u);
  EXPECT_EQ(x.constant_count, 0u);
  EXPECT_EQ(x.pixel_count, 0u);
}

TEST(DataWatch, CountsConstantSamplesAndThoseOfZeros) {
  const auto look = look_at({sample({2, 2}), sample({0, 0}), sample({0, 1}), sample({7})});
  EXPECT_EQ(look.inputs.at("x").constant_count, 2u) << "one number is no pattern";
  EXPECT_EQ(look.inputs.at("x").zero_count, 1u);
}

TEST(DataWatch, KnowsPixels) {
  const auto count = [](const std::vector<float>& values) {
    return look_at({sample(values)}).inputs.at("x").pixel_count;
  };
  EXPECT_EQ(count({0, 128, 255}), 1u);
  EXPECT_EQ(count({0, 1, 1}), 0u) << "a mask";
  EXPECT_EQ(count({9, 9, 9}), 0u) << "nothing";
  EXPECT_EQ(count({0, 128.5f}), 0u);
  EXPECT_EQ(count({-1, 128}), 0u);
  EXPECT_EQ(count({0, 256}), 0u);
  EXPECT_EQ(count({NAN, 128}), 0u);
}

TEST(DataWatch, KnowsTheShapeOfPictures) {
  const auto is_picture = [](const Shape& shape) {
    const Tensor value(tensor::ElementType::kFloat32, shape);
    return look_at({{{"x", value}}}).inputs.at("x").is_picture;
  };
  EXPECT_TRUE(is_picture({1, 3, 5, 5}));
  EXPECT_TRUE(is_picture({2, 5, 5, 1}));
  EXPECT_FALSE(is_picture({1, 5, 5, 5}));
  EXPECT_FALSE(is_picture({3, 5, 5}));
}

TEST(DataWatch, HashesTellSamplesApart) {
  const auto look = look_at({sample({1, 2, 3}), sample({1, 2, 3}), sample({1, 2, 4}),
                             sample({1, 2, 3}, "y"), sample({1, 3, 2}), sample({1, 2, 3, 0})});
  const auto hash = [&](uint64_t i) { return look.samples.at(i).hash; };
  EXPECT_EQ(hash(0), hash(1));
  for (uint64_t i = 2; i < 6; ++i) EXPECT_NE(hash(0), hash(i)) << i;
  EXPECT_EQ(look.samples.at(2).name, "sample2");
}

TEST(DataWatch, IntegersAreHashedAndNotLookedAt) {
  const Tensor ids(tensor::ElementType::kInt64, {4});
  const auto look = look_at({{{"ids", ids}}});
  EXPECT_TRUE(look.inputs.empty());
  EXPECT_EQ(look.samples.size(), 1u);
}

TEST(DataWatch, TheOrderOfReadingDoesNotMatter) {
  std::vector<NamedTensors> samples;
  for (int i = 0; i < 5; ++i) samples.push_back(sample({0.1f * static_cast<float>(i), 1e8f, 0.7f}));
  const MemorySamples source(samples);
  DataWatch watch;
  const auto feed = watch.watch(engine::feed_from(source));
  std::vector<engine::PendingSample> pending;
  while (auto next = feed()) pending.push_back(std::move(*next));
  for (size_t i = pending.size(); i > 0; --i) pending[i - 1].read({});
  EXPECT_EQ(watch.look(), look_at(samples));
}

TEST(DataWatch, HandsOutTheSamplesAsTheyAre) {
  const auto given = sample({1, 2});
  const MemorySamples source(std::vector<NamedTensors>{given});
  DataWatch watch;
  const auto pending = watch.watch(engine::feed_from(source))();
  EXPECT_EQ(pending->name, "sample0");
  EXPECT_EQ(pending->read({}).at("x").floats()[1], 2);
}

TEST(DataWatch, AddsUpAsBytes) {
  const std::vector<NamedTensors> samples = {sample({1, -3, 2}), sample({0.5f, NAN, 4}),
                                             sample({7, 7}), sample({1, 2}, "y")};
  const MemorySamples source(samples);
  // Each of two watches reads what the other one does not, by its place.
  DataWatch even;
  DataWatch odd;
  for (const auto& [watch, wanted] : {std::pair{&even, 0u}, std::pair{&odd, 1u}}) {
    engine::SampleFeed all = engine::feed_from(source);
    const auto feed = watch->watch([&, place = uint64_t{0}]() mutable {
      auto pending = all();
      if (pending) pending->place = place++;
      return pending;
    });
    while (const auto pending = feed()) {
      if (pending->place.value() % 2 == wanted) pending->read({});
    }
  }
  odd.add(even.bytes(), "even");
  EXPECT_EQ(odd.look(), look_at(samples));
  even.clear();
  EXPECT_EQ(even.look(), DataLook());
  EXPECT_THROW(even.add(odd.bytes().substr(1), "cut"), Error);
}

}  // namespace
}  // namespace rangefinder::workflow
