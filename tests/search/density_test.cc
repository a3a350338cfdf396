#include "search/density.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "samples.h"

namespace rangefinder::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Density, KnowsTheExtremesExactly) {
  // All three in the bucket [1.1015625, 1.109375); a fourth below it.
  const auto d = density_of(observed({1.102f, 1.103f, 1.105f, 1.05f, -0.3f, 0.0f, 0.0f}));
  EXPECT_THAT(d->positive, ElementsAre(Segment{1.046875, 1.0546875, 1},
                                       Segment{1.1015625, 1.105f, 2}, Segment{1.105f, 1.105f, 1}));
  EXPECT_THAT(d->negative, ElementsAre(Segment{0.3f, 0.3f, 1}));
  EXPECT_EQ(d->zero_count, 2);
}

TEST(Density, OfUpToTwoValuesIsExact) {
  EXPECT_THAT(density_of(observed({-1.7f}))->negative, ElementsAre(Segment{1.7f, 1.7f, 1}));
  EXPECT_THAT(density_of(observed({-1.7f}))->positive, IsEmpty());
  const auto two = density_of(observed({1.7f, -0.3f}));
  EXPECT_THAT(two->positive, ElementsAre(Segment{1.7f, 1.7f, 1}));
  EXPECT_THAT(two->negative, ElementsAre(Segment{0.3f, 0.3f, 1}));
  EXPECT_THAT(density_of(observed({1.7f, 1.701f}))->positive,
              ElementsAre(Segment{1.7f, 1.7f, 1}, Segment{1.701f, 1.701f, 1}));
}

TEST(Density, OfAConstantIsOnePoint) {
  const auto d = density_of(observed(std::vector<float>(100, 0.3f)));
  EXPECT_THAT(d->positive, ElementsAre(Segment{0.3f, 0.3f, 100}));
  EXPECT_EQ(Density::extent(d->positive), 0.3f);
}

TEST(Density, HoldsEveryValueInOrderOnEveryDistribution) {
  for (const Sample& sample : samples(20000)) {
    const auto d = density_of(observed(sample.values));
    EXPECT_EQ(d->count(), 20000) << sample.name;
    for (const auto* side : {&d->positive, &d->negative}) {
      double end = 0;
      for (const Segment& s : *side) {
        ASSERT_GE(s.lower, end) << sample.name;
        ASSERT_GE(s.upper, s.lower) << sample.name;
        ASSERT_GT(s.count, 0) << sample.name;
        end = s.upper;
        if (s.slope == 0) continue;
        const double width = s.upper - s.lower;
        ASSERT_LE(std::abs(s.slope) * width / 2, s.count / width * (1 + 1e-12)) << sample.name;
      }
    }
  }
}

TEST(Density, NothingFiniteIsNothingAndAllZeroIsAllZero) {
  EXPECT_EQ(density_of(observed({})), std::nullopt);
  EXPECT_EQ(density_of(observed({NAN, INFINITY})), std::nullopt);
  const auto zeros = density_of(observed({0, 0, -0.0f, NAN}));
  EXPECT_TRUE(zeros->all_zero());
  EXPECT_EQ(zeros->count(), 3);
}

}  // namespace
}  // namespace rangefinder::search
