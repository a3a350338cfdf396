#include "analog/simd/copy_above.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "statistics/samples.h"
#include "support/all_targets.h"

namespace rangefinder::analog::simd {
namespace {

using statistics::mixed_values;
using test_support::for_all_targets;

constexpr uint32_t kOne = 0x3f800000u;

/// As bits, so that NaN equals itself and zeros differ.
template <class Kernel>
std::vector<uint32_t> copied(Kernel kernel, std::span<const float> values, uint32_t threshold) {
  // Of exactly this size, so that the address sanitizer sees a write too far.
  std::vector<float> to(values.size());
  to.resize(kernel(values, threshold, to.data()));
  std::vector<uint32_t> bits(to.size());
  std::ranges::transform(to, bits.begin(), [](float x) { return std::bit_cast<uint32_t>(x); });
  return bits;
}

TEST(CopyAbove, KeepsTheLargerOnesInOrder) {
  const std::vector<float> values = {0, 3, -0.0f, 1e-45f, -2, 1, -1, 5};
  std::vector<float> to(values.size());
  EXPECT_EQ(copy_above(values, kOne, to.data()), 3u);
  to.resize(3);
  EXPECT_EQ(to, (std::vector<float>{3, -2, 5}));
  EXPECT_EQ(copied(copy_above, values, 0).size(), 6u) << "all but zeros";
  EXPECT_TRUE(copied(copy_above, {}, 0).empty());
}

TEST(CopyAbove, EqualsThePlainLoopForAllLengthsAndOffsets) {
  const std::vector<float> values = mixed_values(300, 1, true);
  for_all_targets([&](const std::string& target) {
    for (size_t length = 0; length <= 200; ++length) {
      for (const size_t offset : {0, 1, 60}) {
        const std::span<const float> part(&values[offset], length);
        for (const uint32_t threshold : {0u, 1u, kOne, 0x7f7fffffu, 0x7f800000u}) {
          ASSERT_EQ(copied(copy_above, part, threshold),
                    copied(copy_above_reference, part, threshold))
              << target << ", " << length << " values above " << threshold;
        }
      }
    }
  });
}

}  // namespace
}  // namespace rangefinder::analog::simd
