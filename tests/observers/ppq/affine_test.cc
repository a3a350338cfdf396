#include "observers/ppq/affine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "observers/ppq/fixture.h"

namespace rangefinder::observers::ppq {
namespace {

TEST(PpqAffine, DividesByTheStepsOfTheGrid) {
  EXPECT_EQ(affine_from_range(-1, 2, symmetric()).scale, 4.0 / 255);
  Config narrow = symmetric();
  narrow.quant_min = -127;
  EXPECT_EQ(affine_from_range(-1, 2, narrow).scale, 4.0 / 254);
  EXPECT_EQ(affine_from_range(1, 2, asymmetric()).scale, 2.0 / 255);
  EXPECT_EQ(affine_from_range(-1, 2, asymmetric()).offset, 85);
}

TEST(PpqAffine, KeepsTheFloorAndItsOverride) {
  Config config = symmetric();
  EXPECT_EQ(affine_from_range(0, 0, config).scale, 1e-8);
  config.detail["min_scale"] = 0.25;
  EXPECT_EQ(affine_from_range(0, 0, config).scale, 0.25);
}

TEST(PpqAffine, KeepsTheFaultsOfTheOriginal) {
  Config signed_grid = asymmetric();
  signed_grid.quant_min = -128;
  signed_grid.quant_max = 127;
  EXPECT_EQ(affine_from_range(-4, 4, signed_grid).offset, 128) << "quant_min is ignored";
  const ScaleAndOffset rounded = affine_from_range(-1.3, 1.3, power_of_2(asymmetric()));
  EXPECT_EQ(rounded.scale, std::exp2(-6));
  EXPECT_EQ(rounded.offset, 128) << "of the scale before it became a power of two";
}

TEST(PpqAffine, ChannelsSubtractInFloat32) {
  const float min = -0.1f;
  const float max = 3.3333333f;
  ASSERT_NE(double{max} - double{min}, double{max - min});
  EXPECT_EQ(affine_from_channel_range(min, max, asymmetric()).scale, double{max - min} / 255);
  EXPECT_EQ(affine_from_range(min, max, asymmetric()).scale, (double{max} - double{min}) / 255);
}

TEST(PpqAffine, RefusesAnOffsetThatIsNoNumber) {
  EXPECT_THROW((ScaleAndOffset{1, std::nan("")}.rounded()), Error);
  EXPECT_THROW((ScaleAndOffset{1, 1e10}.rounded()), Error);
}

}  // namespace
}  // namespace rangefinder::observers::ppq
