#include "base/version.h"

#include <gmock/gmock.h>

namespace rangefinder {
namespace {

TEST(Version, IsOfThreeNumbers) {
  EXPECT_THAT(kVersion, testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace rangefinder
