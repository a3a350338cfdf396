#include "rangefinder/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rangefinder {
namespace {

TEST(Version, IsThatOfARelease) {
  EXPECT_THAT(version(), testing::MatchesRegex("[0-9]+[.][0-9]+[.][0-9]+"));
}

}  // namespace
}  // namespace rangefinder
