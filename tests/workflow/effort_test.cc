#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "rangefinder/quantize.h"

namespace rangefinder {
namespace {

TEST(Effort, IsReadByTheNameItHas) {
  for (const Effort effort : {Effort::kFast, Effort::kNormal, Effort::kThorough}) {
    EXPECT_EQ(parse_effort(name_of(effort)), effort);
  }
  EXPECT_EQ(name_of(Effort::kFast), "fast");
  EXPECT_EQ(name_of(Effort::kNormal), "normal");
  EXPECT_EQ(name_of(Effort::kThorough), "thorough");
}

TEST(Effort, WhatIsNotThereIsRefused) {
  for (const char* name : {"through", "", "Fast"}) {
    try {
      parse_effort(name);
      ADD_FAILURE() << name;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("allowed are fast, normal, thorough"));
    }
  }
}

}  // namespace
}  // namespace rangefinder
