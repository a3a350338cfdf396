#include "quantization/rounding.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace rangefinder::quantization {
namespace {

struct Row {
  Rounding rounding;
  std::array<float, 9> expected;
};

// The reference's table (its tensor version where it has two that disagree).
constexpr std::array<float, 9> kValues = {-2.5f, -1.5f, -.5f, -.4f, .4f, .5f, 1.5f, 2.5f, 2.6f};
const std::vector<Row> kRows = {
    {Rounding::kHalfEven, {-2, -2, 0, 0, 0, 0, 2, 2, 3}},
    {Rounding::kHalfUp, {-2, -1, 0, 0, 0, 1, 2, 3, 3}},
    {Rounding::kHalfDown, {-3, -2, -1, 0, 0, 0, 1, 2, 3}},
    {Rounding::kHalfTowardsZero, {-2, -1, 0, 0, 0, 0, 1, 2, 3}},
    {Rounding::kHalfFarFromZero, {-3, -2, -1, 0, 0, 1, 2, 3, 3}},
    {Rounding::kToNearInt, {-3, -2, -1, 0, 0, 1, 2, 3, 3}},
    {Rounding::kUp, {-2, -1, 0, 0, 1, 1, 2, 3, 3}},
    {Rounding::kDown, {-3, -2, -1, -1, 0, 0, 1, 2, 2}},
};

TEST(Rounding, FollowsTheTableOfThePolicies) {
  for (const Row& row : kRows) {
    for (size_t i = 0; i < kValues.size(); ++i) {
      EXPECT_EQ(round(kValues[i], row.rounding), row.expected[i])
          << name_of(row.rounding) << " of " << kValues[i];
      EXPECT_EQ(round(static_cast<double>(kValues[i]), row.rounding), row.expected[i]);
    }
  }
}

TEST(Rounding, TensorAndScalarAgreeOnEveryKindOfValue) {
  std::mt19937 random(1);
  std::vector<float> values;
  for (int i = -4000; i <= 4000; ++i) values.push_back(static_cast<float>(i) / 8);
  for (int i = 0; i < 4000; ++i) values.push_back(std::bit_cast<float>(uint32_t(random())));
  for (const Row& row : kRows) {
    std::vector<float> rounded = values;
    round_in_place(rounded, row.rounding);
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) continue;
      EXPECT_EQ(rounded[i], static_cast<float>(round(double{values[i]}, row.rounding)));
    }
  }
}

TEST(Rounding, AgreesWithTheC99FunctionsWhereTheyExist) {
  for (int i = -4000; i <= 4000; ++i) {
    const double value = i / 16.0;
    EXPECT_EQ(round(value, Rounding::kHalfEven), std::nearbyint(value));
    EXPECT_EQ(round(value, Rounding::kHalfFarFromZero), std::round(value));
  }
}

TEST(Rounding, IsExactWhereAddingAHalfIsNot) {
  const float below_half = 0.49999997f;
  ASSERT_EQ(std::floor(below_half + 0.5f), 1) << "the naive form fails here";
  EXPECT_EQ(round(below_half, Rounding::kHalfUp), 0);
  EXPECT_EQ(round(-below_half, Rounding::kHalfDown), 0);
  EXPECT_EQ(round(8388609.0f, Rounding::kHalfUp), 8388609.0f);
}

TEST(Rounding, LeavesNanAndInfinity) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Row& row : kRows) {
    EXPECT_TRUE(std::isnan(round(std::nanf(""), row.rounding)));
    EXPECT_EQ(round(infinity, row.rounding), infinity);
    EXPECT_EQ(round(-infinity, row.rounding), -infinity);
  }
}

TEST(RoundToPowerOf2, GoesUpUnlessTold) {
  EXPECT_EQ(round_to_power_of_2(1.2), 2);
  EXPECT_EQ(round_to_power_of_2(3.2), 4);
  EXPECT_EQ(round_to_power_of_2(-.26), -.5);
  EXPECT_EQ(round_to_power_of_2(.24), .25);
  EXPECT_EQ(round_to_power_of_2(.7, Rounding::kHalfUp), .5);
  EXPECT_EQ(round_to_power_of_2(.26, Rounding::kHalfUp), .25);
  EXPECT_EQ(round_to_power_of_2(0), 0);
  EXPECT_THROW(round_to_power_of_2(std::nan("")), std::invalid_argument);
}

TEST(RoundingName, IgnoresCaseAndKnowsTheReferencesNames) {
  for (const Row& row : kRows) EXPECT_EQ(rounding_from_name(name_of(row.rounding)), row.rounding);
  EXPECT_EQ(rounding_from_name("ROUND_HALF_EVEN"), Rounding::kHalfEven);
  EXPECT_EQ(rounding_from_name("ROUND_HALF_FAR_FORM_ZERO"), Rounding::kHalfFarFromZero);
  try {
    rounding_from_name("sideways");
    FAIL() << "an unknown name must be refused";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("half-towards-zero"), std::string::npos);
  }
}

}  // namespace
}  // namespace rangefinder::quantization
