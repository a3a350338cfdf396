#include "report/tensor_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/page_examples.h"
#include "statistics/all_channels.h"
#include "targets/target.h"

namespace rangefinder::report {
namespace {

const auto& grid() { return targets::all_targets().front().activation; }

TEST(TensorChart, HoldsBinsChoicesCurveAndChannels) {
  const auto file = example_statistics(example_names(3));
  const auto& tensor = file.tensors[1];
  const auto chart = tensor_chart(tensor, statistics::all_channels(tensor), grid(), true);
  EXPECT_EQ(chart["g"]["n"].get<std::string>().size(), chart["g"]["p"].get<std::string>().size());
  EXPECT_EQ(chart["q"].size(), 4);
  EXPECT_GT(chart["k"].size(), 8);
  EXPECT_EQ(chart["h"][0], 600);
  EXPECT_EQ(chart["h"][1], 4);
  EXPECT_EQ(chart["h"][2].size(), 150);
  EXPECT_LT(chart.dump().size(), 5000);
}

TEST(TensorChart, LeavesOutWhatIsNotAskedForOrNotThere) {
  const auto file = example_statistics(example_names(3));
  const auto& tensor = file.tensors[2];
  const auto chart = tensor_chart(tensor, statistics::all_channels(tensor), grid(), false);
  EXPECT_FALSE(chart.contains("q"));
  EXPECT_FALSE(chart.contains("k"));
  EXPECT_FALSE(chart.contains("h"));
  EXPECT_LT(chart.dump().size(), 1000);
}

TEST(TensorChart, ChannelsAreMergedOrShownOneByOne) {
  statistics::ObservedTensor tensor{.name = "t", .channel_axis = 1};
  tensor.channels.resize(2);
  tensor.channels[0].add(std::vector<float>{-1, 2});
  tensor.channels[1].add(std::vector<float>{5});
  const auto all = statistics::all_channels(tensor);
  EXPECT_EQ(all.count(), 3);
  EXPECT_EQ(all.extrema.max, 5);
  const auto chart = tensor_chart(tensor, all, grid(), false);
  EXPECT_EQ(chart["h"], nlohmann::ordered_json({2, 1, {-1, 5}, {2, 5}}));
}

}  // namespace
}  // namespace rangefinder::report
