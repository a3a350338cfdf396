#include "analog/simd/largest_magnitude.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "statistics/samples.h"
#include "support/all_targets.h"

namespace rangefinder::analog::simd {
namespace {

using statistics::mixed_values;
using test_support::for_all_targets;

TEST(LargestMagnitude, EqualsThePlainLoopForAllLengthsAndOffsets) {
  for (const bool with_nonfinite : {false, true}) {
    const std::vector<float> values = mixed_values(1100, 1, with_nonfinite);
    for_all_targets([&](const std::string& target) {
      for (size_t length = 0; length <= 200; ++length) {
        for (size_t offset = 0; offset < 9; ++offset) {
          const std::span<const float> part(&values[offset], length);
          ASSERT_EQ(largest_magnitude(part), largest_magnitude_reference(part))
              << target << ", " << length << " values";
        }
      }
      EXPECT_EQ(largest_magnitude(values), largest_magnitude_reference(values)) << target;
    });
  }
}

TEST(LargestMagnitude, FindsItInEveryPlace) {
  for_all_targets([](const std::string& target) {
    for (size_t length = 1; length < 150; ++length) {
      // Of exactly this size, so that the address sanitizer sees a read too far.
      std::vector<float> values(length, 1.0f);
      for (size_t i = 0; i < length; ++i) {
        values[i] = -2.0f;
        ASSERT_EQ(largest_magnitude(values), 0x40000000u) << target << ", " << i << "/" << length;
        values[i] = 1.0f;
      }
    }
  });
}

TEST(LargestMagnitude, OfNothingOrZerosIsZero) {
  EXPECT_EQ(largest_magnitude({}), 0u);
  EXPECT_EQ(largest_magnitude(std::vector<float>{0.0f, -0.0f}), 0u);
  EXPECT_EQ(largest_magnitude(std::vector<float>{1, -INFINITY}), 0x7f800000u);
  EXPECT_GT(largest_magnitude(std::vector<float>{1, NAN, INFINITY}), 0x7f800000u);
}

}  // namespace
}  // namespace rangefinder::analog::simd
