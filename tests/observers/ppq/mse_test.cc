#include "observers/ppq/mse.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "observers/ppq/fixture.h"

namespace rangefinder::observers::ppq {
namespace {

TEST(PpqMse, ReproducesTheAnchors) {
  Config narrow = symmetric();
  narrow.quant_min = -127;
  EXPECT_EQ(scale_bits("mse", symmetric()), 0x3d8e71aeu);
  EXPECT_EQ(scale_bits("mse", narrow), 0x3d8e723du);
  EXPECT_EQ(scale_bits("mse", asymmetric()), 0x3d88ae28u);
  EXPECT_EQ(solve("mse", asymmetric(), anchor_batches()).parameters[0].zero_point, 122);
  EXPECT_EQ(scale_bits("mse", power_of_2(symmetric())), bits(0.125f));
  EXPECT_EQ(scale_bits("mse", symmetric(4)), 0x3ec1e9c1u);
}

TEST(PpqMse, HasOneCandidateWhenTheMinimumIsPositive) {
  std::vector<float> values(4096);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 1 + static_cast<float>(i % 16) / 16;
  const auto solution = solve("mse", asymmetric(), batch_of({4096}, values));
  // The fallback's end: 256 * 9 of 2048 bins above the minimum.
  const double width = (1.9375 - 1) / 2048;
  EXPECT_EQ(solution.parameters[0].scale, static_cast<float>((2304 * width + 1) / 255));
}

TEST(PpqMse, RefusesPerChannel) {
  EXPECT_THROW(Mse{per_channel(symmetric(), 1)}, std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers::ppq
