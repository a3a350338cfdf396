#include "report/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace rangefinder::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Fields, WhatIsMissingOrNullIsEmpty) {
  const Json json = {{"none", nullptr}};
  const Fields fields(json);
  for (const char* key : {"none", "other"}) {
    EXPECT_FALSE(fields.has(key));
    EXPECT_EQ(fields.text(key), "");
    EXPECT_FALSE(fields.number(key));
    EXPECT_FALSE(fields.flag(key));
    EXPECT_FALSE(fields.object(key));
    EXPECT_THAT(fields.rows(key), IsEmpty());
    EXPECT_THAT(fields.texts(key), IsEmpty());
    EXPECT_THAT(fields.numbers(key), IsEmpty());
  }
}

TEST(Fields, ReadsEachType) {
  const Json json = Json::parse(R"({"t": "a", "n": 1.5, "f": true, "o": {"x": 2},
                                    "r": [{"x": 3}], "s": ["b"], "v": [1, null]})");
  const Fields fields(json);
  EXPECT_EQ(fields.text("t"), "a");
  EXPECT_EQ(fields.number("n"), 1.5);
  EXPECT_TRUE(fields.flag("f"));
  EXPECT_EQ(fields.object("o")->number("x"), 2);
  EXPECT_EQ(fields.rows("r").at(0).number("x"), 3);
  EXPECT_THAT(fields.texts("s"), ElementsAre("b"));
  EXPECT_EQ(fields.numbers("v")[0], 1);
  EXPECT_TRUE(std::isnan(fields.numbers("v")[1]));
  EXPECT_THAT(fields.other_numbers({"x"}), ElementsAre(Pair("n", 1.5)));
}

TEST(Fields, AnotherTypeIsRefusedByItsPlace) {
  const Json json = Json::parse(R"({"rows": [{"scale": "x"}], "list": 3, "odd": [1]})");
  const Fields fields(json);
  EXPECT_THAT(message_of([&] { (void)fields.rows("rows")[0].number("scale"); }),
              HasSubstr("rows[0].scale"));
  EXPECT_THAT(message_of([&] { (void)fields.rows("list"); }), HasSubstr("list is 3"));
  EXPECT_THAT(message_of([&] { (void)fields.rows("odd"); }), HasSubstr("odd[0]"));
  EXPECT_THAT(message_of([&] { (void)fields.flag("list"); }), HasSubstr("list is 3"));
  EXPECT_THAT(message_of([&] { (void)fields.text("list"); }), HasSubstr("list"));
  EXPECT_THAT(message_of([] {
                const Json list = {1};
                const Fields no(list);
              }),
              HasSubstr("the document is [1]"));
}

TEST(Fields, MembersAreTheObjectsOfAnObject) {
  const Json json = Json::parse(R"({"a": {"x": 1}, "b": {"x": 2}})");
  const Fields fields(json);
  ASSERT_EQ(fields.members().size(), 2);
  EXPECT_EQ(fields.members()[1].first, "b");
  EXPECT_EQ(fields.members()[1].second.number("x"), 2);
}

}  // namespace
}  // namespace rangefinder::report
