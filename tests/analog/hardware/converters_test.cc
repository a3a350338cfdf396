#include "analog/hardware/converters.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

namespace rangefinder::analog {
namespace {

TEST(ConverterStep, ReadsLevelsAboveOneAndStepsUpToOne) {
  EXPECT_FLOAT_EQ(converter_step(127.0f, 254.0), 1.0f);
  EXPECT_FLOAT_EQ(converter_step(127.0f, 1.0 / 254.0), 1.0f);
  EXPECT_FLOAT_EQ(converter_step(3.0f, 1.0), 6.0f);
}

TEST(ConverterStep, IsNeverZero) { EXPECT_EQ(converter_step(0.0f, 254.0), FLT_MIN); }

TEST(ConverterStep, RefusesNoResolution) {
  EXPECT_THROW(converter_step(1.0f, 0.0), std::invalid_argument);
  EXPECT_THROW(converter_step(1.0f, NAN), std::invalid_argument);
}

TEST(InputConverter, ClipsThenRoundsHalfToEven) {
  std::vector<float> values = {-9.0f, -2.5f, -1.5f, 0.5f, 1.5f, 2.4f, 9.0f};
  InputConverter{3.0f, 1.0f}.apply(values);
  EXPECT_EQ(values, (std::vector<float>{-3.0f, -2.0f, -2.0f, 0.0f, 2.0f, 2.0f, 3.0f}));
}

TEST(InputConverter, WithoutRangeOrStepPassesValues) {
  std::vector<float> values = {-9.0f, 0.25f};
  InputConverter{}.apply(values);
  EXPECT_EQ(values, (std::vector<float>{-9.0f, 0.25f}));
}

TEST(InputConverter, ARangeOfZeroGivesZeros) {
  std::vector<float> values = {-9.0f, 0.25f};
  InputConverter{0.0f, converter_step(0.0f, 254.0)}.apply(values);
  EXPECT_EQ(values, (std::vector<float>{0.0f, 0.0f}));
}

// Bound 3.4 with step 1: rounding first gives 3, clipping first would give 3.4 and then 3 too; 3.5
// tells them apart: rounded to 4, then clipped to the bound, which is no code.
// std::clamp() must not be asked: its bounds would be the wrong way round.
TEST(InputConverter, ANegativeRangeIsWhatEveryValueBecomes) {
  std::vector<float> values = {-2.0f, 0.0f, 2.0f, std::nanf("")};
  InputConverter{-0.5f, std::nullopt}.apply(values);
  EXPECT_EQ(values[0], -0.5f);
  EXPECT_EQ(values[1], -0.5f);
  EXPECT_EQ(values[2], -0.5f);
  EXPECT_TRUE(std::isnan(values[3]));
  EXPECT_EQ((OutputConverter{-3.0f, std::nullopt}.apply(1.0f)), -3.0f);
}

TEST(OutputConverter, RoundsThenClips) {
  EXPECT_FLOAT_EQ((OutputConverter{3.4f, 1.0f}.apply(3.5f)), 3.4f);
  EXPECT_FLOAT_EQ((OutputConverter{3.4f, 1.0f}.apply(-7.0f)), -3.4f);
  EXPECT_FLOAT_EQ((OutputConverter{3.4f, {}}.apply(1.25f)), 1.25f);
}

}  // namespace
}  // namespace rangefinder::analog
