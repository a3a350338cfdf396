#include "report/page_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(NodeData, NamesTensorsByTheirPlaces) {
  const auto document = to_json(example_summary(example_names(5)));
  const Fields summary(document);
  const auto nodes = node_data(summary, tensors_of(summary));
  ASSERT_EQ(nodes.size(), 4);
  EXPECT_EQ(nodes[2]["k"], "float");
  EXPECT_EQ(nodes[2]["w"], "is left float for accuracy");
  EXPECT_EQ(nodes[2]["i"], nlohmann::ordered_json({2}));
  EXPECT_EQ(nodes[2]["t"], nlohmann::ordered_json({3}));
  EXPECT_FALSE(nodes[0].contains("w"));
}

TEST(NodeData, TellsTimesAndWhoTellsThem) {
  auto document = to_json(example_summary(example_names(5)));
  auto before = document;
  before["nodes"][0]["int8_us"] = 77.125;
  const Fields summary(document);
  const Fields other(before);
  const auto nodes = node_data(summary, tensors_of(summary), &other);
  EXPECT_EQ(nodes[0]["f"], 47);
  EXPECT_EQ(nodes[0]["q"], 17.62) << "four digits";
  EXPECT_EQ(nodes[0]["bq"], 77.12);
  EXPECT_EQ(nodes[3]["h"], 2) << "it is timed with the node before";
  EXPECT_FALSE(nodes[3].contains("f"));
  EXPECT_FALSE(node_data(summary, tensors_of(summary))[0].contains("bq"));
}

TEST(NodeData, OfAnOlderSummaryIsEmpty) {
  auto document = to_json(example_summary(example_names(5)));
  document.erase("nodes");
  const Fields summary(document);
  EXPECT_THAT(node_data(summary, tensors_of(summary)), IsEmpty());
}

TEST(FloatNodes, TellWhyAndWhatTheyAloneWouldCost) {
  const auto document = to_json(example_summary(example_names(5)));
  const std::string html = float_nodes_section(Fields(document));
  EXPECT_THAT(html, HasSubstr("is left float for accuracy"));
  EXPECT_THAT(html, HasSubstr(">11.2</td>"));
  const nlohmann::ordered_json none = nlohmann::ordered_json::object();
  EXPECT_EQ(float_nodes_section(Fields(none)), "");
}

TEST(ErrorSources, TellBeforeAndAfter) {
  const auto document = to_json(example_summary(example_names(5)));
  const std::string html = error_sources_section(Fields(document));
  EXPECT_THAT(html, HasSubstr(">38.5</td>"));
  EXPECT_THAT(html, HasSubstr(">14.5</td>"));
  const nlohmann::ordered_json none = nlohmann::ordered_json::object();
  EXPECT_EQ(error_sources_section(Fields(none)), "");
}

}  // namespace
}  // namespace rangefinder::report
