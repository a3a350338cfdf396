#include "analog/ranges/input_range_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace rangefinder::analog {
namespace {

TEST(InputRangeType, NamesRoundTripAndIgnoreSpelling) {
  for (const char* name :
       {"none", "max", "moving-std", "moving-quantile", "cache-quantile", "quantile", "mse"}) {
    EXPECT_EQ(to_string(parse_input_range_type(name)), name);
  }
  EXPECT_EQ(parse_input_range_type("MOVING_QUANTILE"), InputRangeType::kMovingQuantile);
  EXPECT_EQ(parse_input_range_type("CacheQuantile"), InputRangeType::kCacheQuantile);
  EXPECT_THROW(parse_input_range_type("median"), std::invalid_argument);
}

TEST(InputRangeType, EveryTypeIsListedWithWhatItIs) {
  const auto infos = input_range_calibration_types();
  EXPECT_EQ(infos.size(), 7u);
  for (const auto& info : infos) {
    EXPECT_EQ(to_string(parse_input_range_type(info.name)), info.name);
    EXPECT_NE(info.summary, "");
  }
}

TEST(InputRangeType, PercentAndNamesThatAreNearAreTold) {
  EXPECT_THAT(
      [] { parse_input_range_type("quantil"); },
      testing::ThrowsMessage<std::invalid_argument>(testing::HasSubstr("did you mean 'quantile'")));
  EXPECT_THAT([] { require_options(InputRangeType::kQuantile, {.quantile = 99.995}); },
              testing::ThrowsMessage<std::invalid_argument>(testing::HasSubstr("0.99995")));
}

TEST(InputRangeType, BadOptionsAreRefused) {
  const auto refuses = [](InputRangeOptions options) {
    EXPECT_THROW(require_options(InputRangeType::kMax, options), std::invalid_argument);
  };
  refuses({.quantile = 0.0});
  refuses({.quantile = 1.5});
  refuses({.quantile = NAN});
  refuses({.max_samples = 0});
  refuses({.std_alpha = -1.0});
  refuses({.std_alpha = INFINITY});
  EXPECT_NO_THROW(require_options(InputRangeType::kMax, {}));
}

TEST(InputRangeType, TheReferenceHasNoMse) {
  const InputRangeOptions options{.compatibility = Compatibility::kAihwkit};
  EXPECT_THROW(require_options(InputRangeType::kMse, options), std::invalid_argument);
  EXPECT_THROW(require_options(InputRangeType::kQuantile, options), std::invalid_argument);
  EXPECT_NO_THROW(require_options(InputRangeType::kMovingStd, options));
}

}  // namespace
}  // namespace rangefinder::analog
