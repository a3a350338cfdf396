#include "analysis/noise_bound.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace rangefinder::analysis {
namespace {

TEST(NoiseBound, IsTheNoiseAndItsStandardErrors) {
  // Noises 1, 4, 4, 9: sum 18, mean 4.5, variance (12.25 + .25 + .25 + 20.25) / 3 = 11, so that the
  // sum of four has the standard deviation sqrt(44).
  const std::array<SamplePower, 4> samples = {{{100, 1}, {400, 4}, {100, 4}, {400, 9}}};
  EXPECT_DOUBLE_EQ(*noise_bound(samples), 18 + 1.64 * std::sqrt(44.0));
  EXPECT_DOUBLE_EQ(*sqnr_bound_db(samples), 10 * std::log10(1000 / (18 + 1.64 * std::sqrt(44.0))));
  EXPECT_DOUBLE_EQ(*sqnr_db(samples), 10 * std::log10(1000.0 / 18));
}

TEST(NoiseBound, EqualSamplesLeaveNoDoubt) {
  const std::array<SamplePower, 3> samples = {{{100, 4}, {100, 4}, {100, 4}}};
  EXPECT_EQ(*noise_bound(samples), 12);
}

TEST(NoiseBound, OneSampleHasNone) {
  const std::array<SamplePower, 1> one = {{{100, 4}}};
  EXPECT_EQ(noise_bound(one), std::nullopt);
  EXPECT_EQ(sqnr_bound_db(one), std::nullopt);
  EXPECT_DOUBLE_EQ(*sqnr_db(one), 10 * std::log10(25.0));
  EXPECT_EQ(sqnr_db({}), std::nullopt);
}

TEST(NoiseBound, WithoutNoiseIsInfinite) {
  const std::array<SamplePower, 2> exact = {{{100, 0}, {9, 0}}};
  EXPECT_EQ(sqnr_bound_db(exact), INFINITY);
  EXPECT_EQ(sqnr_db(exact), INFINITY);
}

}  // namespace
}  // namespace rangefinder::analysis
