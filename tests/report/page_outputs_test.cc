#include "report/page_outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

TEST(OutputsSection, TellsFiguresAndWhatTheyDoNotTell) {
  auto document = to_json(example_summary(example_names(4)));
  document["outputs"][0]["selected_by"] = "nms<1>";
  document["outputs"][0]["nonfinite_count"] = 3;
  const std::string html = outputs_section(Fields(document), nullptr);
  EXPECT_THAT(html, HasSubstr("31.2"));
  EXPECT_THAT(html, HasSubstr("29.5"));
  EXPECT_THAT(html, HasSubstr("98.00 %"));
  EXPECT_THAT(html, HasSubstr("exact"));
  EXPECT_THAT(html, HasSubstr("judged before the selection by nms&lt;1&gt;"));
  EXPECT_THAT(html, HasSubstr("3 pairs left out"));
  EXPECT_THAT(html, Not(HasSubstr("Before")));
}

TEST(OutputsSection, TellsTheSameOutputOfAnotherRun) {
  const auto document = to_json(example_summary(example_names(4)));
  auto before = document;
  before["outputs"][0]["sqnr_db"] = 17.75;
  const Fields other(before);
  const std::string html = outputs_section(Fields(document), &other);
  EXPECT_THAT(html, HasSubstr("Before"));
  EXPECT_THAT(html, HasSubstr("17.8"));
}

TEST(OutputsSection, IsEmptyWithoutOutputs) {
  const Json none = Json::object();
  EXPECT_EQ(outputs_section(Fields(none), nullptr), "");
}

TEST(OutputSqnr, NullIsExactOnlyWhereSomethingWasCompared) {
  const Json exact = {{"sqnr_db", nullptr}, {"cosine", 1}, {"reason", nullptr}};
  EXPECT_EQ(output_sqnr_db(Fields(exact)), INFINITY);
  const Json not_compared = {{"sqnr_db", nullptr}, {"cosine", nullptr}, {"reason", "strings"}};
  EXPECT_FALSE(output_sqnr_db(Fields(not_compared)));
}

TEST(JudgedSqnr, IsThatOfScoresAndOfWhatJudges) {
  Json output = {{"sqnr_db", 120.0}, {"cosine", 1}};
  EXPECT_EQ(judged_sqnr_db(Fields(output)), 120);
  output["score_sqnr_db"] = 27.5;
  EXPECT_EQ(judged_sqnr_db(Fields(output)), 27.5);
  output["judged_at"] = {{{"name", "a"}, {"sqnr_db", 40.0}}, {{"name", "b"}, {"sqnr_db", 12.5}}};
  EXPECT_EQ(judged_sqnr_db(Fields(output)), 12.5);
}

TEST(OutputData, HoldsThePairs) {
  const auto document = to_json(example_summary(example_names(4)));
  const Json data = output_data(Fields(document));
  ASSERT_EQ(data.size(), 1);
  EXPECT_EQ(data[0]["n"], "scores");
  EXPECT_EQ(data[0]["f"].size(), 200);
  EXPECT_EQ(data[0]["q"].size(), 200);
}

}  // namespace
}  // namespace rangefinder::report
