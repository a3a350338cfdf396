#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rangefinder {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
  try {
    parse_json(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "not refused";
}

std::string repeated(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

TEST(ParseJson, ReadsWhatIsJson) {
  const auto json = parse_json(R"({"b": [1, -2, 2.5], "a": {"c": "d"}})");
  EXPECT_EQ(json.begin().key(), "b") << "in the order of the text";
  EXPECT_EQ(json["b"][1], -2);
  EXPECT_EQ(parse_json("3"), 3);
}

TEST(ParseJson, SaysWhatIsWrong) {
  EXPECT_THAT(refusal(""), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("{\"a\": 1"), HasSubstr("line 1"));
  EXPECT_THAT(refusal("[1e999]"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("[\"\xFF\"]"), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("[NaN]"), HasSubstr("not JSON"));
}

TEST(ParseJson, RefusesAKeyThatIsThereTwice) {
  EXPECT_THAT(refusal(R"({"a": 1, "a": 2})"), HasSubstr("key 'a' twice"));
  EXPECT_THAT(refusal(R"([{"x": {"a": 1, "b": {}, "a": 2}}])"), HasSubstr("key 'a' twice"));
  EXPECT_EQ(refusal(R"([{"a": {"a": 1}}, {"a": 2}])"), "not refused");
}

TEST(ParseJson, DepthIsLimitedToTheLevel) {
  const auto lists = [](int depth) { return repeated("[", depth) + repeated("]", depth); };
  EXPECT_EQ(refusal(lists(kDeepestJson)), "not refused");
  EXPECT_THAT(refusal(lists(kDeepestJson + 1)), HasSubstr("deeper than 32 levels"));
  // A naive reader overflows the stack here, at the latest when the value is copied or printed.
  EXPECT_THAT(refusal(lists(200000)), HasSubstr("deeper than"));
  EXPECT_THAT(refusal(repeated("[", 5000000)), HasSubstr("deeper than"));
  EXPECT_THAT(refusal(repeated("{\"a\":", 200000)), HasSubstr("deeper than"));
}

TEST(ParseJson, SizeIsLimited) {
  EXPECT_THAT(refusal(std::string(kLargestJson + 1, ' ')), HasSubstr("at most"));
}

TEST(JsonInteger, IsNeverRoundedOrWrapped) {
  const auto integer = [](std::string_view text, int64_t least = INT64_MIN,
                          int64_t most = INT64_MAX) {
    return json_integer(parse_json(text), "n", least, most);
  };
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer("7", 0, 7), 7);
  for (const char* bad : {"9223372036854775808", "18446744073709551615", "99999999999999999999",
                          "1.0", "2.5", "1e3", "\"1\"", "true", "null", "[1]"}) {
    EXPECT_THROW(integer(bad), std::invalid_argument) << bad;
  }
  EXPECT_THROW(integer("-1", 0), std::invalid_argument);
  EXPECT_THROW(integer("8", 0, 7), std::invalid_argument);
}

TEST(JsonFloat, MustBeFiniteAsAFloat) {
  EXPECT_EQ(json_float(parse_json("1e38"), "x"), 1e38f);
  EXPECT_EQ(json_number(parse_json("1e300"), "x"), 1e300);
  EXPECT_THROW(json_float(parse_json("1e300"), "x"), std::invalid_argument);
  EXPECT_THROW(json_number(parse_json("\"1\""), "x"), std::invalid_argument);
  EXPECT_THROW(json_string(parse_json("1"), "x"), std::invalid_argument);
}

TEST(JsonExcerpt, IsShort) {
  EXPECT_EQ(json_excerpt(parse_json("[1, 2]")), "[1,2]");
  EXPECT_LT(json_excerpt(parse_json("\"" + std::string(100000, 'a') + "\"")).size(), 100u);
}

}  // namespace
}  // namespace rangefinder
