#include "analog/hardware/tile_weights.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace rangefinder::analog {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

const std::vector<float> kWeights = {.9f, -.31f, .1f, .5f, -.2f, .04f, .13f, 0.0f};

RpuConfig quantized(WeightQuantization type, double res, int64_t max_input_size = -1) {
  RpuConfig config;
  config.modifier.quantization_type = type;
  config.modifier.res = res;
  config.mapping.max_input_size = max_input_size;
  return config;
}

std::vector<float> programmed(const std::vector<float>& weights, int64_t outputs,
                              const RpuConfig& config,
                              Compatibility compatibility = Compatibility::kNone) {
  return program_tiles(weights, outputs, config, compatibility).at(0).programmed;
}

TEST(ProgramTiles, KnowEachOutputsLargestWeight) {
  const auto tiles =
      program_tiles(kWeights, 2, quantized(WeightQuantization::kNone, 0, 2), Compatibility::kNone);
  ASSERT_EQ(tiles.size(), 2u);
  EXPECT_THAT(tiles[0].output_maximum, ElementsAre(.9f, .2f));
  EXPECT_THAT(tiles[1].output_maximum, ElementsAre(.5f, .13f));
  EXPECT_EQ(tiles[1].maximum, .5f);
  EXPECT_THAT(tiles[1].programmed, ElementsAre(.1f, .5f, .13f, 0.0f));
}

// Figures of the reference.
TEST(ProgramTiles, QuantizePerOutputAsTheReference) {
  const auto config = [](double res) {
    return quantized(WeightQuantization::kDiscretizePerChannel, res);
  };
  EXPECT_THAT(programmed(kWeights, 2, config(14)),
              Pointwise(FloatNear(1e-6f),
                        {.9f, -.2571429f, .1285714f, .5142857f, -.2f, .0285714f, .1428571f, 0.0f}));
  EXPECT_THAT(programmed(kWeights, 2, config(2)),
              Pointwise(FloatNear(1e-6f), {.9f, 0.f, 0.f, .9f, -.2f, 0.f, .2f, 0.f}));
  EXPECT_THAT(programmed(kWeights, 2, config(1.0 / 14)),
              Pointwise(FloatNear(1e-6f), programmed(kWeights, 2, config(14))));
}

TEST(ProgramTiles, QuantizeWithOneScalePerTile) {
  EXPECT_THAT(programmed(kWeights, 2, quantized(WeightQuantization::kDiscretize, 2)),
              Pointwise(FloatNear(1e-6f), {.9f, 0.f, 0.f, .9f, 0.f, 0.f, 0.f, 0.f}));
}

TEST(ProgramTiles, KeepAnAllZeroOutput) {
  EXPECT_THAT(
      programmed({0, 0, 1, -1}, 2, quantized(WeightQuantization::kDiscretizePerChannel, 254)),
      ElementsAre(0, 0, 1, -1));
}

// Two bits, largest weight 3: half a step is 1.5, above 1, which the original inverts.
TEST(ProgramTiles, InvertLargeScalesOnlyInCompatibility) {
  const RpuConfig config = quantized(WeightQuantization::kDiscretize, 2);
  EXPECT_THAT(programmed({3, -3}, 1, config), ElementsAre(3, -3));
  EXPECT_THAT(programmed({3, -3}, 1, config, Compatibility::kAihwkit),
              Pointwise(FloatNear(1e-6f), {4.f / 3, -4.f / 3}));
}

TEST(ProgramTiles, TheLearnableClipInvertsLikewise) {
  RpuConfig config;
  config.clip.type = WeightClip::kLearnablePerChannel;
  EXPECT_THAT(programmed({3, -1, 4, 2}, 2, config), ElementsAre(3, -1, 4, 2));
  EXPECT_THAT(programmed({3, -1, 4, 2}, 2, config, Compatibility::kAihwkit),
              Pointwise(FloatNear(1e-6f), {1.f / 3, -1.f / 3, .25f, .25f}));
}

TEST(ProgramTiles, RefuseASizeThatDoesNotDivide) {
  EXPECT_THROW(program_tiles(kWeights, 3, {}, Compatibility::kNone), std::invalid_argument);
}

TEST(ClipWeights, KeepsSomeDeviationsOfTheMatrixOrOfEachOutput) {
  // Deviation of the matrix: sqrt((1 + 1 + 9 + 9) / 3); of the rows: sqrt(2) and sqrt(18).
  std::vector<float> whole = {1, -1, 3, -3};
  clip_weights(whole, 2, {WeightClip::kLayerGaussian, 1.0});
  EXPECT_THAT(whole, Pointwise(FloatNear(1e-6f), {1.f, -1.f, 2.5819889f, -2.5819889f}));
  std::vector<float> rows = {1, -1, 3, -3};
  clip_weights(rows, 2, {WeightClip::kLayerGaussianPerChannel, 0.5});
  EXPECT_THAT(rows,
              Pointwise(FloatNear(1e-6f), {.70710678f, -.70710678f, 2.1213203f, -2.1213203f}));
  std::vector<float> none = {1, -1, 3, -3};
  clip_weights(none, 2, {});
  EXPECT_THAT(none, ElementsAre(1, -1, 3, -3));
}

TEST(ClipWeights, KeepsAnOutputWithOneInput) {
  std::vector<float> weights = {5, -7};
  clip_weights(weights, 2, {WeightClip::kLayerGaussianPerChannel, 1.0});
  EXPECT_THAT(weights, ElementsAre(5, -7));
}

}  // namespace
}  // namespace rangefinder::analog
