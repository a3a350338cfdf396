#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace rangefinder::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(HtmlText, HoldsNoMarkup) {
  EXPECT_EQ(html_text("<script>a && b</script>"), "&lt;script&gt;a &amp;&amp; b&lt;/script&gt;");
  EXPECT_EQ(html_text("a\"b'c"), "a&quot;b&#39;c");
}

TEST(HtmlText, IsPrintable) {
  EXPECT_EQ(html_text("a\nb\xff"), "a\\nb\\xff");
  EXPECT_EQ(html_text("größe"), "größe");
}

TEST(ScriptJson, CannotEndItsElement) {
  const nlohmann::ordered_json json = {{"name", "</script><!--<script>&"}, {"bad", "\xff"}};
  const std::string text = script_json(json);
  for (const char* mark : {"<", ">", "&"}) EXPECT_THAT(text, Not(HasSubstr(mark)));
  EXPECT_EQ(nlohmann::ordered_json::parse(text)["name"], "</script><!--<script>&");
}

TEST(Figures, SayWhereThereIsNone) {
  EXPECT_EQ(figure_text(std::nullopt), "–");
  EXPECT_EQ(figure_text(kNan), "–");
  EXPECT_EQ(percent_text(kNan), "–");
  EXPECT_EQ(decibel_text(std::nullopt), "–");
  EXPECT_EQ(decibel_text(INFINITY), "exact");
  EXPECT_EQ(decibel_text(-INFINITY), "no signal");
}

TEST(Figures, AreShort) {
  EXPECT_EQ(figure_text(0.123456), "0.1235");
  EXPECT_EQ(percent_text(0.0), "0 %");
  EXPECT_EQ(percent_text(0.123456), "12.35 %");
  EXPECT_EQ(percent_text(0.000123), "0.012 %");
  EXPECT_EQ(percent_text(1e-9), "&lt; 0.001 %");
  EXPECT_EQ(bytes_text(3.5 * 1024 * 1024), "3.50 MiB");
  EXPECT_EQ(duration_text(0.0029), "2.9 ms");
  EXPECT_EQ(duration_text(65), "65.00 s");
}

TEST(ShortNumber, KeepsSixDigitsAndNoInfinity) {
  EXPECT_EQ(short_number(static_cast<double>(0.1f)).dump(), "0.1");
  EXPECT_EQ(short_number(12.0).dump(), "12");
  EXPECT_EQ(short_number(1.0 / 3).dump(), "0.333333");
  EXPECT_TRUE(short_number(INFINITY).is_null());
  EXPECT_TRUE(short_number(std::nullopt).is_null());
}

TEST(HtmlTable, HasHeadingsForColumnsAndRows) {
  HtmlTable table("id=\"t\"", "Things", {{"Name"}, {"Size", true, true, "s"}});
  EXPECT_EQ(table.size(), 0);
  table.add(std::vector<std::string>{"a", "1"}, "data-i=\"0\"");
  EXPECT_EQ(table.size(), 1);
  EXPECT_THAT(table.html(), Not(HasSubstr("long")));
  const std::string html = table.html();
  EXPECT_THAT(html, HasSubstr("<table id=\"t\"><caption>Things</caption>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\" class=\"n m\" data-key=\"s\">Size</th>"));
  EXPECT_THAT(html, HasSubstr("<tr data-i=\"0\"><th scope=\"row\">a</th><td class=\"n m\">1</td>"));
}

}  // namespace
}  // namespace rangefinder::report
