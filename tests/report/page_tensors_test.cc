#include "report/page_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

using testing::HasSubstr;

std::vector<PageTensor> tensors(const nlohmann::ordered_json& document) {
  return tensors_of(Fields(document));
}

TEST(PageTensors, AreReadFromASummary) {
  auto document = to_json(example_summary(example_names(5)));
  document["tensors"][1]["guard_ratio"] = 1.5;
  document["tensors"][2]["sqnr_db"] = nullptr;
  document["smoothings"][0]["tensors"] = {"input"};
  const auto found = tensors(document);
  ASSERT_EQ(found.size(), 5);
  EXPECT_EQ(found[1].name, "backbone/stage/conv_1");
  EXPECT_EQ(found[1].figures.at(0).first, "guard_ratio");
  EXPECT_EQ(found[1].count, 4000);
  EXPECT_FALSE(found[2].sqnr_db);
  EXPECT_TRUE(found[0].is_smoothed);
  EXPECT_FALSE(found[1].is_smoothed);
}

TEST(PageTensors, ChartsAreAddedWhereTensorsWereSeen) {
  auto found = tensors(to_json(example_summary(example_names(5))));
  found[0].is_smoothed = true;
  add_charts(example_statistics(example_names(4)), "ort-cpu", true, found);
  EXPECT_FALSE(found[0].chart.contains("q"));
  EXPECT_TRUE(found[1].chart.contains("q"));
  EXPECT_TRUE(found[4].chart.is_null());
  EXPECT_EQ(found[3].seen_min, 0);
  EXPECT_GT(*found[3].zero_share, 0.4);
}

TEST(PageTensors, WithoutRangesTheTableTellsWhatWasSeen) {
  const auto statistics = example_statistics(example_names(3));
  auto seen = tensors_of(statistics);
  add_charts(statistics, "", true, seen);
  const std::string html = tensor_table(seen, nullptr);
  EXPECT_THAT(html, HasSubstr("Smallest"));
  EXPECT_THAT(html, HasSubstr(">4000</td>"));
}

TEST(PageTensors, AgainstAnotherRunChangesAreTold) {
  auto document = to_json(example_summary(example_names(3)));
  const auto now = tensors(document);
  document["tensors"][1]["sqnr_db"] = *now[1].sqnr_db - 1.25;
  document["tensors"].erase(2);
  const auto before = tensors(document);
  const std::string html = tensor_table(now, &before);
  EXPECT_THAT(html, HasSubstr("+1.2"));
  EXPECT_THAT(html, HasSubstr("only here"));
  const auto data = tensor_data(now, &before);
  EXPECT_EQ(data[1]["b"]["db"], *now[1].sqnr_db - 1.25);
  EXPECT_FALSE(data[2].contains("b"));
}

TEST(PageTensors, ASharedRangeSaysWhose) {
  auto document = to_json(example_summary(example_names(3)));
  document["tensors"][2]["root"] = "input";
  const auto found = tensors(document);
  EXPECT_THAT(tensor_table(found, nullptr), HasSubstr("shared"));
  EXPECT_EQ(tensor_data(found, nullptr)[2]["r"], "input");
}

}  // namespace
}  // namespace rangefinder::report
