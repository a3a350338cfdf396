#include "base/name_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace rangefinder {
namespace {

bool fits(std::string_view pattern, std::string_view name) {
  return NamePattern(pattern).fits(name);
}

TEST(NamePattern, StarsAndQuestionMarks) {
  EXPECT_TRUE(fits("*", ""));
  EXPECT_TRUE(fits("a*b*c", "a--b-b-c"));
  EXPECT_FALSE(fits("a*b*c", "a--b-b-cd"));
  EXPECT_TRUE(fits("a?c", "abc"));
  EXPECT_FALSE(fits("a?c", "ac"));
  EXPECT_TRUE(fits("**a**", "a"));
  EXPECT_TRUE(fits("", ""));
  EXPECT_FALSE(fits("", "a"));
  EXPECT_FALSE(fits("?", ""));
  EXPECT_FALSE(fits("a", ""));
}

/// fnmatch() takes these for classes and escapes, and a leading dot or a slash for special.
TEST(NamePattern, NothingElseIsSpecial) {
  EXPECT_TRUE(fits("layers[1]/conv", "layers[1]/conv"));
  EXPECT_FALSE(fits("layers[1]/conv", "layers1/conv"));
  EXPECT_TRUE(fits("layers[*]/conv", "layers[17]/conv"));
  EXPECT_TRUE(fits("a\\*", "a\\b"));
  EXPECT_FALSE(fits("a\\*", "a*"));
  EXPECT_TRUE(fits("[!a]", "[!a]"));
  EXPECT_FALSE(fits("[!a]", "b"));
  EXPECT_TRUE(fits("*", ".hidden/with/slashes"));
  EXPECT_TRUE(fits("{a,b}", "{a,b}"));
}

TEST(NamePattern, AQuestionMarkIsOneCharacterOfUtf8) {
  EXPECT_TRUE(fits("?", "\xC3\xA4"));
  EXPECT_TRUE(fits("sch?n", "sch\xC3\xB6n"));
  EXPECT_FALSE(fits("??", "\xC3\xA4"));
  EXPECT_FALSE(fits("*??", "\xE2\x82\xAC"));
  EXPECT_TRUE(fits("*\xC3\xA4", "x\xC3\xA4"));
  EXPECT_TRUE(fits("?", "\xFF")) << "a stray byte";
}

TEST(NamePattern, IsNotExponential) {
  EXPECT_FALSE(fits("*a*a*a*a*a*a*a*a*a*b", std::string(3000, 'a')));
  std::string stars;
  for (int i = 0; i < 1000; ++i) stars += "*a";
  EXPECT_FALSE(fits(stars + "b", std::string(3000, 'a')));
}

}  // namespace
}  // namespace rangefinder
