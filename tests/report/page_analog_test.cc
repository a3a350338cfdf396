#include "report/page_analog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/page_examples.h"

namespace rangefinder::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(LayersSection, TellsRangesOfSlices) {
  const auto document = example_ranges();
  EXPECT_THAT(layers_section(Fields(document), nullptr),
              AllOf(HasSubstr("encoder.fc1"), HasSubstr("2.5 · 3.25 · 1"), HasSubstr("12 slices"),
                    HasSubstr("analog compare"), Not(HasSubstr("Clipped"))));
}

TEST(LayersSection, OfAComparisonTellsErrorAndClippedInputs) {
  const auto document = example_analog_comparison();
  EXPECT_THAT(layers_section(Fields(document), nullptr),
              AllOf(HasSubstr("28.5"), HasSubstr("0.100 % · 0 %")));
}

TEST(LayersSection, TellsAnEarlierRun) {
  const auto now = example_ranges();
  auto then = now;
  then["layers"]["encoder.fc1"]["input_range"] = {7.75};
  then["layers"].erase("lstm.weight_ih");
  const Fields before(then);
  EXPECT_THAT(layers_section(Fields(now), &before),
              AllOf(HasSubstr("7.75"), HasSubstr("only here")));
}

TEST(TypesSection, TellsTypesAndNoise) {
  const auto document = example_analog_comparison();
  EXPECT_THAT(types_section(Fields(document)),
              AllOf(HasSubstr("max"), HasSubstr("scores: 31.2 dB"), HasSubstr("over 2 draws")));
  const auto ranges = example_ranges();
  EXPECT_EQ(types_section(Fields(ranges)), "");
}

TEST(DigitalSection, TellsWhy) {
  const auto document = example_ranges();
  EXPECT_THAT(digital_section(Fields(document)), HasSubstr("no constant"));
}

}  // namespace
}  // namespace rangefinder::report
