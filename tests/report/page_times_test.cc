#include "report/page_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Json example() {
  Json json = to_json(example_summary(example_names(6)));
  json["nodes"] = Json::array();
  const auto add = [&](const char* name, Json in_float, Json in_int8, Json with = nullptr) {
    json["nodes"].push_back({{"name", name},
                             {"op_type", "Conv"},
                             {"kernel", "integer"},
                             {"float_us", in_float},
                             {"int8_us", in_int8},
                             {"timed_with", with}});
  };
  add("first", 100, 50);
  add("second", 400, 1200);
  add("behind", nullptr, nullptr, "second");
  add("third", 300, 20);
  add("fourth", 20, 20.5);
  add("tiny", 1, 2);
  json["node_times"] = {{"float_us", 1000},
                        {"int8_us", 2000},
                        {"runs", 9},
                        {"threads", 1},
                        {"others",
                         {{{"op_type", "QuantizeLinear"},
                           {"kind", "codes"},
                           {"float_kernels", 0},
                           {"int8_kernels", 3},
                           {"float_us", 0},
                           {"int8_us", 707.5}},
                          {{"op_type", "Softmax"},
                           {"kind", "node"},
                           {"float_kernels", 1},
                           {"int8_kernels", 1},
                           {"float_us", 179},
                           {"int8_us", 0}}}}};
  json["latency"] = {{"float_us", 1100}, {"int8_us", 1990}};
  return json;
}

TEST(TimeLine, NamesWhatCostsMostAndWhatBecameSlower) {
  const Json json = example();
  const std::string line = time_line(Fields(json));
  EXPECT_THAT(line, HasSubstr("takes <b>second</b> (Conv) 1.2 ms, 60&nbsp;%, <b>first</b> (Conv)"));
  EXPECT_THAT(line, HasSubstr("<b>fourth</b> (Conv) 20.5 µs, 1&nbsp;%. Slower")) << "three of them";
  EXPECT_THAT(line, HasSubstr("Slower in int8 than in float: <b>second</b> (Conv) 1.2 ms instead "
                              "of 400 µs. "))
      << "a microsecond of 2000 is nothing, and 2 % is no more than chance";
}

TEST(TimeLine, SaysThatNothingBecameSlower) {
  Json json = example();
  json["nodes"][1]["int8_us"] = 390;
  EXPECT_THAT(time_line(Fields(json)), HasSubstr("No node is noticeably slower in int8"));
}

TEST(TimeLine, IsEmptyWithoutTimes) {
  Json json = example();
  json["node_times"] = nullptr;
  EXPECT_EQ(time_line(Fields(json)), "");
  json = example();
  json["node_times"]["int8_us"] = 0;
  EXPECT_EQ(time_line(Fields(json)), "");
}

TEST(NodeTimes, AddUpToTheLatency) {
  const Json json = example();
  const std::string html = nodes_section(Fields(json), nullptr);
  const auto row = [](const char* what, const char* in_float, const char* in_int8) {
    return HasSubstr(std::string(what) + "</th><td class=\"n\">" + in_float +
                     "</td><td class=\"n\">" + in_int8 + "</td>");
  };
  EXPECT_THAT(html, row("Nodes of the list below", "821 µs", "1.29 ms"));
  EXPECT_THAT(html, row("QuantizeLinear 0&nbsp;/&nbsp;3</span>", "0 µs", "708 µs"));
  EXPECT_THAT(html, row("All kernels", "1 ms", "2 ms"));
  EXPECT_THAT(html, row("the profiler's own time", "100 µs", "−10 µs"));
  EXPECT_THAT(html, row("without the profiler", "1.1 ms", "1.99 ms"));
}

TEST(NodeTimes, AreATableOfThoseThatTellSome) {
  const Json json = example();
  const std::string html = nodes_section(Fields(json), nullptr);
  EXPECT_THAT(html, HasSubstr("second <span class=\"quiet\">with behind</span>"));
  EXPECT_THAT(html, HasSubstr("<tr data-i=\"3\"><th scope=\"row\">third</th>"))
      << "by its place among all nodes";
  EXPECT_THAT(html, Not(HasSubstr("<th scope=\"row\">behind")));
  EXPECT_THAT(html, HasSubstr("<td class=\"n\"><b class=\"changed\">3.00</b></td>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"n\">0.50</td>"));
}

TEST(NodeTimes, OfTheRunBeforeStandBeside) {
  const Json json = example();
  Json before = example();
  before["nodes"][0]["int8_us"] = 61.5;
  const Fields other(before);
  EXPECT_THAT(nodes_section(Fields(json), &other),
              AllOf(HasSubstr("Int8 µs before"), HasSubstr(">61.5</td>")));
  before["node_times"] = nullptr;
  const Fields untimed(before);
  EXPECT_THAT(nodes_section(Fields(json), &untimed), Not(HasSubstr("Int8 µs before")));
}

TEST(NodeTimes, ThatWereNotMeasuredSayWhy) {
  const auto text = [](Json json) {
    json["node_times"] = nullptr;
    return nodes_section(Fields(json), nullptr);
  };
  Json json = example();
  EXPECT_THAT(text(json),
              AllOf(HasSubstr("<code>quantize --report</code>"), Not(HasSubstr("<table"))));
  json["reference"] = "tensorrt";
  EXPECT_THAT(text(json), HasSubstr("the runtime of tensorrt is not here"));
  json = example();
  json["outputs"] = Json::array();
  EXPECT_THAT(text(json), HasSubstr("<code>solve</code> runs none"));
  json = example_comparison();
  EXPECT_THAT(text(json), HasSubstr("<code>compare --report</code>"));
  EXPECT_EQ(nodes_section(Fields(Json::object()), nullptr), "");
}

}  // namespace
}  // namespace rangefinder::report
