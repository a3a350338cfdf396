#include "observers/unseen.h"

#include <gtest/gtest.h>

#include <vector>

#include "observers/registry.h"
#include "search/unseen.h"

namespace rangefinder::observers {
namespace {

using Config = quantization::TensorQuantizationConfig;

Config asymmetric() { return Config::linear(quantization::Symmetry::kAsymmetric); }

/// One number a sample, of 40 samples: -9 to 30, further apart at the ends.
statistics::TensorStatistics one_number_a_sample() {
  statistics::TensorStatistics statistics;
  std::vector<float> values;
  for (int i = 0; i < 36; ++i) {
    values.push_back(0.5f * static_cast<float>(i) + 0.01f * static_cast<float>(i * i % 7));
  }
  for (const float value : {-9.0f, -4.0f, 24.0f, 30.0f}) values.push_back(value);
  statistics.add(values);
  return statistics;
}

/// So many samples.
statistics::BatchFigures samples(int count) {
  statistics::BatchFigures figures;
  for (int i = 0; i < count; ++i) {
    statistics::Extrema extrema;
    extrema.add(1.0f);
    figures.add(extrema);
  }
  return figures;
}

TEST(LeaveRoom, WidensWhatMseFinds) {
  const std::vector<statistics::TensorStatistics> channels = {one_number_a_sample()};
  Solution solution = registry().create("mse", asymmetric())->solve({.channels = channels});
  const float narrow = solution.parameters[0].scale;
  const std::vector<statistics::BatchFigures> batches = {samples(10)};
  leave_room("mse", {.channels = channels, .batches = batches}, asymmetric(), solution);
  const auto room = search::room_for_unseen(channels[0], grid_of(asymmetric()));
  ASSERT_GT(room.below, 0);
  EXPECT_EQ(solution.figures.at("room_below"), room.below);
  EXPECT_EQ(solution.figures.at("room_above"), room.above);
  EXPECT_GT(solution.parameters[0].scale, narrow);
  EXPECT_FLOAT_EQ(solution.parameters[0].scale,
                  static_cast<float>((39 + room.below + room.above) / 255));
}

TEST(LeaveRoom, OtherMethodsAndChannelsWithManyValuesStayAsTheyAre) {
  std::vector<statistics::TensorStatistics> channels = {one_number_a_sample(),
                                                        one_number_a_sample()};
  const std::vector<statistics::BatchFigures> batches = {samples(40), samples(2000)};
  const Solution before{.parameters = {{0.5f, 3}, {0.1f, 4}}};
  for (const char* method : {"minmax", "kl", "percentile", "my-own"}) {
    Solution solution = before;
    leave_room(method, {.channels = channels, .batches = batches}, asymmetric(), solution);
    EXPECT_EQ(solution.parameters, before.parameters) << method;
    EXPECT_TRUE(solution.figures.empty()) << method;
  }
  channels[1].histogram.add(1.5f, search::kFewValues);
  Solution solution = before;
  leave_room("mse", {.channels = channels, .batches = batches}, asymmetric(), solution);
  EXPECT_EQ(solution.parameters[1], before.parameters[1]);
  EXPECT_NE(solution.parameters[0], before.parameters[0]);
}

TEST(LeaveRoom, ATensorOfManyNumbersASampleStaysAsItIs) {
  const std::vector<statistics::TensorStatistics> channels = {one_number_a_sample()};
  const std::vector<statistics::BatchFigures> batches = {samples(9)};
  Solution solution{.parameters = {{0.5f, 3}}};
  leave_room("mse", {.channels = channels, .batches = batches}, asymmetric(), solution);
  EXPECT_EQ(solution.parameters[0], (quantization::AffineParameters{0.5f, 3}));
  EXPECT_TRUE(solution.figures.empty());
}

TEST(LeaveRoom, WhereNothingWasCountedTheMethodStands) {
  Solution solution{.parameters = {{0.5f, 3}}};
  leave_room("mse", {}, asymmetric(), solution);
  EXPECT_EQ(solution.parameters[0], (quantization::AffineParameters{0.5f, 3}));
  EXPECT_TRUE(solution.figures.empty());
}

}  // namespace
}  // namespace rangefinder::observers
