#include "statistics/simd/widen.h"

#include <gtest/gtest.h>

#include <bit>
#include <numeric>
#include <vector>

#include "support/all_targets.h"

namespace rangefinder::statistics::simd {
namespace {

TEST(WidenFloat16, EqualsThePlainLoopForEveryBitPatternAndLength) {
  std::vector<uint16_t> halves(65536);
  std::iota(halves.begin(), halves.end(), uint16_t{0});
  std::vector<float> expected(halves.size());
  widen_float16_reference(halves, expected.data());
  test_support::for_all_targets([&](const std::string& target) {
    for (const size_t length : {size_t{0}, size_t{1}, size_t{7}, size_t{21}, halves.size()}) {
      std::vector<float> widened(length);
      widen_float16({halves.data(), length}, widened.data());
      for (size_t i = 0; i < length; ++i) {
        ASSERT_EQ(std::bit_cast<uint32_t>(widened[i]), std::bit_cast<uint32_t>(expected[i]))
            << target << ", half " << i;
      }
    }
  });
}

}  // namespace
}  // namespace rangefinder::statistics::simd
