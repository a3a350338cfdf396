#include "report/text_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace rangefinder::report {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TensorHistogram histogram() {
  return {.name = "conv", .buckets = {{-3, -2.5, 10}, {0, 0, 70}, {1, 1.01, 1}, {2, 2.1, 19}}};
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> found;
  for (std::string line; std::getline(stream, line);) found.push_back(line);
  return found;
}

/// Characters, not bytes.
size_t width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(TextChart, GoesFromNegativeOverZeroToPositive) {
  const auto found = lines(text_chart(histogram(), 80));
  ASSERT_EQ(found.size(), 5);
  EXPECT_EQ(found[0], "conv: 100 values");
  EXPECT_THAT(found[1], HasSubstr("-4 .. -2"));
  EXPECT_THAT(found[1], EndsWith("10  10.00%"));
  EXPECT_THAT(found[2], EndsWith("70  70.00%"));
  EXPECT_THAT(found[3], HasSubstr("1 .. 2"));
  EXPECT_THAT(found[4], HasSubstr("2 .. 4"));
}

TEST(TextChart, IsAsWideAsItMayBe) {
  for (const size_t columns : {60, 80, 200}) {
    for (const auto& line : lines(text_chart(histogram(), columns))) {
      EXPECT_LE(width(line), columns);
    }
    EXPECT_EQ(width(lines(text_chart(histogram(), columns))[1]), columns);
  }
}

TEST(TextChart, MoreIsNeverShorterAndOneValueShows) {
  const auto found = lines(text_chart(histogram(), 80));
  const auto blocks = [](const std::string& line) {
    return std::count(line.begin(), line.end(), '\xE2');
  };
  EXPECT_GT(blocks(found[2]), blocks(found[4]));
  EXPECT_GE(blocks(found[4]), blocks(found[1]));
  EXPECT_GE(blocks(found[3]), 1);
}

TEST(TextChart, SmallValuesShareALine) {
  TensorHistogram wide{.name = "t",
                       .buckets = {{1e-30, 1.1e-30, 5}, {1e-20, 1.1e-20, 2}, {1, 1.1, 9}}};
  const auto found = lines(text_chart(wide, 80));
  EXPECT_THAT(found[1], HasSubstr("nearer to 0 than"));
  EXPECT_THAT(found[1], EndsWith("7  43.75%"));
  EXPECT_LT(found.size(), 30);
}

TEST(TextChart, NothingSeenIsFine) { EXPECT_EQ(text_chart({.name = "t"}, 80), "t: 0 values\n"); }

TEST(Csv, HasALineForEachBucketAndQuotesNames) {
  HistogramInspection inspection{.file = "a.rfs", .tensors = {histogram()}};
  inspection.tensors[0].name = "a,\"b\"\n";
  const auto found = lines(to_csv(inspection));
  ASSERT_EQ(found.size(), 5);
  EXPECT_EQ(found[0], "tensor,lower,upper,count");
  EXPECT_EQ(found[1], "\"a,\"\"b\"\"\\n\",-3,-2.5,10");
  EXPECT_EQ(inspection.csv(), to_csv(inspection));
}

TEST(Csv, HasALineForEachTensor) {
  rangefinder::StatisticsInspection inspection;
  inspection.tensors = {{.name = "t", .channel_count = 1, .count = 3, .min = -0.5, .max = 2}};
  EXPECT_THAT(lines(inspection.csv()),
              ElementsAre("tensor,channels,count,min,max,zero_share,nan_count,inf_count",
                          "t,1,3,-0.5,2,0,0,0"));
}

TEST(HistogramInspection, ShowsEachTensorAndItsJsonHoldsAll) {
  const HistogramInspection inspection{.file = "a.rfs", .tensors = {histogram(), histogram()}};
  EXPECT_THAT(inspection.chart(), StartsWith("conv: 100 values\n"));
  EXPECT_THAT(inspection.chart(), HasSubstr("\n\nconv: 100 values\n"));
  const auto json = nlohmann::json::parse(inspection.json());
  EXPECT_EQ(json["tensors"][1]["buckets"][0]["count"], 10);
}

}  // namespace
}  // namespace rangefinder::report
