#include "refine/bisect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace rangefinder::refine {
namespace {

using testing::ElementsAre;

TEST(Bisect, FindsEveryBorderAndAsksSeldom) {
  for (size_t total = 0; total <= 130; ++total) {
    for (size_t needed = 0; needed <= total; ++needed) {
      std::multiset<size_t> asked;
      const Bisection found = bisect(total, [&](size_t count) {
        asked.insert(count);
        return count >= needed;
      });
      ASSERT_EQ(found.count, needed);
      ASSERT_EQ(found.tries, asked.size());
      ASSERT_LE(static_cast<double>(asked.size()), 2 + std::log2(total + 1));
      ASSERT_EQ(std::set<size_t>(asked.begin(), asked.end()).size(), asked.size()) << "none twice";
    }
  }
}

TEST(Bisect, NoneIsAskedFirstAndMayBeBetterThanSome) {
  std::vector<size_t> asked;
  const Bisection found = bisect(8, [&](size_t count) {
    asked.push_back(count);
    return count == 0 || count == 8;
  });
  EXPECT_EQ(found.count, 0u);
  EXPECT_THAT(asked, ElementsAre(0));
}

TEST(Bisect, AllIsTheAnswerWhereNothingIsEnough) {
  const Bisection found = bisect(5, [](size_t) { return false; });
  EXPECT_EQ(found.count, 5u);
}

TEST(Bisect, WhatIsNotMonotoneWasAnsweredWithYes) {
  const std::vector<bool> is_enough = {false, true, false, false, true, false, true, true, false};
  const Bisection found = bisect(8, [&](size_t count) { return is_enough[count]; });
  EXPECT_TRUE(is_enough[found.count]);
  EXPECT_EQ(found.count, 4u);
}

}  // namespace
}  // namespace rangefinder::refine
