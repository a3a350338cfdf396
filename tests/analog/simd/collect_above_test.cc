#include "analog/simd/collect_above.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "statistics/samples.h"
#include "support/all_targets.h"

namespace rangefinder::analog::simd {
namespace {

using statistics::mixed_values;
using test_support::for_all_targets;

template <class Kernel>
std::vector<uint32_t> run(Kernel kernel, std::span<const float> values, uint32_t threshold) {
  std::vector<uint32_t> found(values.size());
  found.resize(kernel(values, threshold, found.data()));
  return found;
}

void expect_same_as_reference(std::span<const float> values, uint32_t threshold,
                              const std::string& target) {
  ASSERT_EQ(run(collect_above, values, threshold), run(collect_above_reference, values, threshold))
      << target << ", " << values.size() << " values above " << threshold;
}

TEST(CollectAbove, EqualsThePlainLoopForAllLengthsOffsetsAndThresholds) {
  const std::vector<float> values = mixed_values(1100, 1, true);
  for_all_targets([&](const std::string& target) {
    for (const float limit : {0.0f, 1e-42f, 1.0f, 1000.0f}) {
      const auto threshold = std::bit_cast<uint32_t>(limit);
      for (size_t length = 0; length <= 200; ++length) {
        for (size_t offset = 0; offset < 9; ++offset) {
          expect_same_as_reference({&values[offset], length}, threshold, target);
        }
      }
      expect_same_as_reference(values, threshold, target);
    }
    // Nothing but NaN is above infinity; nothing at all is above the last NaN.
    expect_same_as_reference(values, 0x7f800000u, target);
    expect_same_as_reference(values, 0x7fffffffu, target);
  });
}

TEST(CollectAbove, TakesNoEqualValue) {
  const std::vector<float> values = {1, -2, 2, -3, 0};
  EXPECT_EQ(run(collect_above, values, std::bit_cast<uint32_t>(2.0f)), std::vector<uint32_t>{3});
  EXPECT_EQ(run(collect_above, values, 0), (std::vector<uint32_t>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace rangefinder::analog::simd
