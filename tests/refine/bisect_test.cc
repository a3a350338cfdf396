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

TEST(Bisect, WhereverTheBorderIsExpectedItIsFound) {
  for (size_t total = 0; total <= 70; ++total) {
    for (size_t needed = 0; needed <= total; ++needed) {
      for (size_t expected = 0; expected <= total + 1; ++expected) {
        std::multiset<size_t> asked;
        const auto is_enough = [&](size_t count) {
          asked.insert(count);
          return count >= needed;
        };
        const Bisection found = bisect(total, is_enough, expected);
        ASSERT_EQ(found.count, needed);
        ASSERT_EQ(found.tries, asked.size());
        ASSERT_LE(static_cast<double>(asked.size()), 2 + 2 * std::log2(total + 1));
        ASSERT_EQ(std::set<size_t>(asked.begin(), asked.end()).size(), asked.size())
            << "none twice";
      }
    }
  }
}

TEST(Bisect, AGoodExpectationSavesQuestions) {
  std::vector<size_t> asked;
  const auto is_enough = [&](size_t count) {
    asked.push_back(count);
    return count >= 33;
  };
  EXPECT_EQ(bisect(102, is_enough, 32).count, 33u);
  EXPECT_THAT(asked, ElementsAre(0, 32, 35, 33));
  asked.clear();
  EXPECT_EQ(bisect(102, is_enough, 90).count, 33u);
  EXPECT_THAT(asked, ElementsAre(0, 90, 87, 81, 69, 45, 22, 33, 27, 30, 31, 32)) << "a bad one";
  asked.clear();
  EXPECT_EQ(bisect(102, is_enough).count, 33u);
  EXPECT_EQ(asked.size(), 8u);
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
