#include "analog/hardware/analog_matrix.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

RpuConfig calibrated(double inp_res) {
  RpuConfig config;
  config.forward.inp_res = inp_res;
  config.pre_post.input_range.enable = true;
  return config;
}

// The reference's own figures, less its bias (.1, -.2).
TEST(AnalogMatrix, GivesTheReferencesFigures) {
  const AnalogMatrix matrix(std::vector<float>{1, 2, 3, 4, -1, .5f, 0, .25f}, 2, calibrated(254));
  const std::vector<float> x = {.3f, -5, 1, .0079f};
  EXPECT_THAT(matrix.forward(x, std::vector<float>{2.0f}),
              Pointwise(FloatNear(1e-6f), {-0.51417315f - .1f, -1.49527562f + .2f}));
}

TEST(AnalogMatrix, WithoutRangesIsAPlainProduct) {
  const AnalogMatrix matrix(std::vector<float>{1, 2, 3, 4}, 2, {});
  EXPECT_THAT(matrix.forward(std::vector<float>{10, 1, -1, 1}, {}), ElementsAre(12, 34, 1, 1));
}

TEST(AnalogMatrix, ConvertsEveryTileByItself) {
  RpuConfig config = calibrated(2);  // Codes -1, 0, 1.
  config.mapping.max_input_size = 1;
  const AnalogMatrix matrix(std::vector<float>{1, 1}, 1, config);
  // 0.9 of 1 is code 1; 0.9 of 4 is code 0.
  EXPECT_THAT(matrix.forward(std::vector<float>{.9f, .9f}, std::vector<float>{1.0f, 4.0f}),
              ElementsAre(1.0f));
}

TEST(AnalogMatrix, TheAdcSaturatesEveryTileBeforeTheSum) {
  RpuConfig config = calibrated(-1);
  config.mapping.max_input_size = 1;
  config.forward.out_bound = 0.5;
  const AnalogMatrix matrix(std::vector<float>{2, -4, 1, 1}, 2, config);
  // Bounds: range * 0.5 * largest weight of the tile = 1 * 0.5 * 2 and 1 * 0.5 * 4.
  EXPECT_THAT(matrix.forward(std::vector<float>{1, 1}, std::vector<float>{1.0f, 1.0f}),
              ElementsAre(1.0f - 2.0f, 1.0f + 1.0f));
}

TEST(AnalogMatrix, APerChannelClipScalesTheAdcPerOutput) {
  RpuConfig config = calibrated(-1);
  config.forward.out_bound = 0.5;
  config.clip = {WeightClip::kLayerGaussianPerChannel, 3.0};
  const AnalogMatrix matrix(std::vector<float>{4, 1}, 2, config);
  EXPECT_THAT(matrix.forward(std::vector<float>{1}, std::vector<float>{1.0f}),
              ElementsAre(2.0f, 0.5f));
}

TEST(AnalogMatrix, DynamicRangesFollowEachRow) {
  RpuConfig config = calibrated(2);
  config.pre_post.input_range.dynamic = true;
  const AnalogMatrix matrix(std::vector<float>{1, 1}, 1, config);
  EXPECT_THAT(matrix.forward(std::vector<float>{8, 1, .5f, .5f}, {}), ElementsAre(8.0f, 1.0f));
}

TEST(AnalogMatrix, ARangeOfZeroGivesZeroOutputs) {
  RpuConfig config = calibrated(254);
  config.forward.out_bound = 10;
  config.forward.out_res = 254;
  const AnalogMatrix matrix(std::vector<float>{1, 1}, 1, config);
  EXPECT_THAT(matrix.forward(std::vector<float>{8, 1}, std::vector<float>{0.0f}),
              ElementsAre(0.0f));
}

TEST(AnalogMatrix, RefusesConvertersWithoutRanges) {
  RpuConfig config;
  config.forward.inp_res = 254;
  EXPECT_THROW(AnalogMatrix(std::vector<float>{1}, 1, config).forward(std::vector<float>{1}, {}),
               std::invalid_argument);
  config.forward = {};
  config.forward.out_bound = 10;
  EXPECT_THROW(AnalogMatrix(std::vector<float>{1}, 1, config).forward(std::vector<float>{1}, {}),
               std::invalid_argument);
}

TEST(AnalogMatrix, RefusesWrongSizes) {
  const AnalogMatrix matrix(std::vector<float>{1, 1}, 1, calibrated(254));
  EXPECT_THROW(matrix.forward(std::vector<float>{1, 2, 3}, std::vector<float>{1.0f}),
               std::invalid_argument);
  EXPECT_THROW(matrix.forward(std::vector<float>{1, 2}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
