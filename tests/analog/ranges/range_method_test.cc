#include "analog/ranges/range_method.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "analog/calls.h"

namespace rangefinder::analog {
namespace {

// Every type sees -9 and 9 alike, and no type lets an all-zero call change anything.
TEST(RangeMethod, EveryTypeIsSymmetricAndDeafToZeros) {
  RpuConfig config;
  config.forward.inp_res = 254;
  const LinearCalls positive{2, -1, {{9, 1, 2, 3}, {1, 8, 0, 4}}};
  const LinearCalls negative{2, -1, {{-9, -1, -2, -3}, {0, 0, 0, 0}, {-1, -8, 0, -4}}};
  for (const char* name :
       {"max", "moving-std", "moving-quantile", "cache-quantile", "quantile", "mse"}) {
    const auto type = parse_input_range_type(name);
    const auto first = positive.ranges(*method_for(type, {}, positive, config));
    const auto second = negative.ranges(*method_for(type, {}, negative, config));
    ASSERT_TRUE(first.has_value()) << name;
    EXPECT_EQ(first, second) << name;
  }
}

TEST(RangeMethod, NoneAndBadOptionsAreMisuse) {
  EXPECT_THROW(make_range_method(InputRangeType::kNone, {}, {}, 1), std::invalid_argument);
  EXPECT_THROW(make_range_method(InputRangeType::kMax, {.quantile = 2}, {}, 1),
               std::invalid_argument);
  EXPECT_THROW(make_range_method(InputRangeType::kMse, {}, {}, 1), std::invalid_argument);
}

TEST(RequireFinite, RefusesInfinityAndNan) {
  EXPECT_NO_THROW(require_finite(0x7f7fffffu));
  EXPECT_THROW(require_finite(0x7f800000u), std::domain_error);
}

}  // namespace
}  // namespace rangefinder::analog
