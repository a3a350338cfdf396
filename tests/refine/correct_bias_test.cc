#include "refine/correct_bias.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "base/error.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"

namespace rangefinder::refine {
namespace {

using statistics::ChannelSums;
using test_support::OnnxBuilder;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr float kInputScale = 0.02f;
constexpr int kExponent = -20;
constexpr uint64_t kValues = 16;

/// Sums over samples whose channel means scatter around 1, 2, 3, ... by `spread`.
ChannelSums scattered(size_t channels, double spread, size_t samples = 64, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  ChannelSums sums;
  for (size_t i = 0; i < samples; ++i) {
    std::vector<int64_t> entry(channels);
    for (size_t c = 0; c < channels; ++c) {
      const double mean = static_cast<double>(c + 1) + spread * normal(random);
      entry[c] = std::llrint(std::ldexp(mean * kValues, -kExponent));
    }
    sums.add({kExponent, kValues, entry});
  }
  return sums;
}

double mean_of(const ChannelSums& sums, size_t channel) {
  double total = 0;
  for (const auto& part : sums.parts()) {
    if (!part.sums.empty()) total += part.sums[channel].value();
  }
  return total / static_cast<double>(sums.value_count());
}

/// A node with its weights as codes, before and after.
struct Corrected {
  passes::QuantizedWeight before;
  passes::QuantizedWeight after;
  BiasCorrection told;
  tensor::Tensor real;
};

Corrected correct(OnnxBuilder& b, const ChannelSums& inputs, float input_scale = kInputScale) {
  graph::Graph graph(b.model());
  const auto& node = graph.message().node(0);
  Corrected result;
  result.real = passes::read_weight(graph, node);
  result.before =
      passes::quantize_weight(graph, node, input_scale, targets::find_target("ort-cpu-vnni"));
  result.after = result.before;
  result.told = correct_bias(graph, node, input_scale, inputs, result.after);
  return result;
}

int32_t code_before(const Corrected& corrected, size_t output) {
  return corrected.before.bias.empty() ? 0 : corrected.before.bias[output];
}

OnnxBuilder convolution(const std::vector<int64_t>& shape, int64_t groups, bool has_bias) {
  OnnxBuilder b;
  b.weights("w", shape, 0.5f);
  b.weights("bias", {shape[0]}, 0.3f);
  auto node = b.node(
      "Conv",
      has_bias ? std::vector<std::string>{"x", "w", "bias"} : std::vector<std::string>{"x", "w"},
      {"y"});
  node.integer("group", groups);
  return b;
}

/// The bias that plain loops over a convolution's weights give.
int32_t expected_code(const Corrected& found, const ChannelSums& inputs, size_t output,
                      size_t first_input) {
  const auto& shape = found.before.shape;
  const auto channels = static_cast<size_t>(shape[1]);
  const size_t window = found.before.codes.size() / (static_cast<size_t>(shape[0]) * channels);
  double shift = 0;
  for (size_t i = 0; i < channels; ++i) {
    for (size_t k = 0; k < window; ++k) {
      const size_t at = (output * channels + i) * window + k;
      const float restored =
          static_cast<float>(found.before.codes[at]) * found.before.scale[output];
      shift +=
          (double{found.real.floats()[at]} - double{restored}) * mean_of(inputs, first_input + i);
    }
  }
  const double scale = double{kInputScale * found.before.scale[output]};
  const double corrected = found.told.share * shift;
  return code_before(found, output) + static_cast<int32_t>(std::nearbyint(corrected / scale));
}

void expect_plain_loops(const std::vector<int64_t>& shape, int64_t groups, bool has_bias) {
  OnnxBuilder b = convolution(shape, groups, has_bias);
  const auto outputs = static_cast<size_t>(shape[0]);
  const auto channels = static_cast<size_t>(shape[1]);
  const ChannelSums inputs = scattered(channels * static_cast<size_t>(groups), 0.01);
  const Corrected found = correct(b, inputs);
  EXPECT_EQ(found.told.channel_count, outputs);
  EXPECT_GT(found.told.share, 0.99);
  ASSERT_EQ(found.after.bias.size(), outputs);
  const size_t outputs_of_group = outputs / static_cast<size_t>(groups);
  size_t moved = 0;
  for (size_t c = 0; c < outputs; ++c) {
    const int32_t expected = expected_code(found, inputs, c, c / outputs_of_group * channels);
    // Sums in another order may round to the other side.
    EXPECT_NEAR(found.after.bias[c], expected, 1) << c;
    EXPECT_EQ(found.after.bias_scale[c], kInputScale * found.after.scale[c]);
    moved += found.after.bias[c] != code_before(found, c);
  }
  EXPECT_EQ(found.told.corrected_count, moved);
  EXPECT_GT(moved, outputs / 2);
  EXPECT_EQ(found.after.codes, found.before.codes);
}

TEST(CorrectBias, GivesWhatPlainLoopsGive) {
  expect_plain_loops({6, 5, 3, 3}, 1, true);
  expect_plain_loops({6, 5, 3, 3}, 1, false);
  expect_plain_loops({6, 3, 1, 1}, 1, true);
  expect_plain_loops({4, 3, 5}, 1, true);
}

TEST(CorrectBias, EveryGroupHasItsOwnInputs) {
  expect_plain_loops({6, 2, 3, 3}, 3, true);
  expect_plain_loops({7, 1, 3, 3}, 7, true);
  expect_plain_loops({8, 1, 3, 3}, 4, false);
}

TEST(CorrectBias, AGemmIsReadEitherWayRound) {
  std::vector<int32_t> codes;
  for (const int64_t transposed : {0, 1}) {
    OnnxBuilder b;
    const std::vector<float> rows = {0.11f, 0.52f, -0.93f, 0.64f, -0.35f, 0.27f};
    std::vector<float> weights(6);
    for (size_t n = 0; n < 2; ++n) {
      for (size_t k = 0; k < 3; ++k) weights[transposed ? n * 3 + k : k * 2 + n] = rows[n * 3 + k];
    }
    b.initializer("w", transposed ? std::vector<int64_t>{2, 3} : std::vector<int64_t>{3, 2},
                  weights);
    b.node("Gemm", {"x", "w"}, {"y"}).integer("transB", transposed).real("alpha", 2);
    const ChannelSums inputs = scattered(3, 0.01);
    const Corrected found = correct(b, inputs);
    ASSERT_EQ(found.after.bias.size(), 2u);
    for (size_t n = 0; n < 2; ++n) {
      double shift = 0;
      for (size_t k = 0; k < 3; ++k) {
        const size_t at = transposed ? n * 3 + k : k * 2 + n;
        const float restored = static_cast<float>(found.after.codes[at]) * found.after.scale[n];
        shift += (2 * double{rows[n * 3 + k]} - double{restored}) * mean_of(inputs, k);
      }
      shift *= found.told.share;
      EXPECT_NEAR(found.after.bias[n], shift / double{found.after.bias_scale[n]}, 1);
    }
    codes.insert(codes.end(), found.after.bias.begin(), found.after.bias.end());
  }
  EXPECT_THAT(codes, Each(testing::Ne(0)));
  EXPECT_EQ(codes[0], codes[2]);
  EXPECT_EQ(codes[1], codes[3]);
}

TEST(CorrectBias, AMatMulHasItAddedToTheConstantBehindIt) {
  OnnxBuilder b;
  b.weights("w", {4, 6}, 0.5f);
  b.weights("row", {1, 6}, 0.3f);
  b.node("MatMul", {"x", "w"}, {"product"});
  b.node("Add", {"product", "row"}, {"y"}).proto().set_name("add");
  const ChannelSums inputs = scattered(4, 0.01);
  const Corrected found = correct(b, inputs);
  EXPECT_EQ(found.told.corrected_count, 6u);
  EXPECT_TRUE(found.after.bias.empty());
  ASSERT_TRUE(found.after.summand);
  EXPECT_EQ(found.after.summand->node, "add");
  EXPECT_EQ(found.after.summand->input, 1);
  EXPECT_EQ(found.after.summand->values.shape(), (tensor::Shape{1, 6}));
  const auto row = graph::read_constant(b.graph().initializer(1));
  for (size_t n = 0; n < 6; ++n) {
    double shift = 0;
    for (size_t k = 0; k < 4; ++k) {
      const float restored =
          static_cast<float>(found.after.codes[k * 6 + n]) * found.after.scale[n];
      shift += (double{found.real.floats()[k * 6 + n]} - double{restored}) * mean_of(inputs, k);
    }
    shift *= found.told.share;
    EXPECT_GT(std::abs(shift), 1e-5);
    EXPECT_NEAR(found.after.summand->values.floats()[n], double{row.floats()[n]} + shift, 1e-6);
  }
}

TEST(CorrectBias, TheLessSamplesAgreeTheLessIsCorrected) {
  OnnxBuilder b = convolution({64, 8, 1, 1}, 1, true);
  const double well_known = correct(b, scattered(8, 0.1)).told.share;
  const double roughly_known = correct(b, scattered(8, 10)).told.share;
  EXPECT_GT(well_known, 0.999);
  EXPECT_GT(roughly_known, 0.5);
  EXPECT_LT(roughly_known, 0.98);
}

TEST(CorrectBias, NothingIsCorrectedByNoise) {
  OnnxBuilder b = convolution({64, 8, 1, 1}, 1, true);
  size_t left_alone = 0;
  for (uint32_t seed = 0; seed < 20; ++seed) {
    // Means of 1 to 8 are nothing beside it.
    const Corrected found = correct(b, scattered(8, 4000, 16, seed));
    left_alone += found.told.share == 0;
    if (found.told.share == 0) {
      EXPECT_EQ(found.after.bias, found.before.bias);
      EXPECT_EQ(found.told.corrected_count, 0u);
    }
  }
  EXPECT_GT(left_alone, 5u);
}

/// What is left of the squared shifts where the means of other samples are 1, 2, 3, ...: summed
/// over several draws of the samples that were seen.
struct Left {
  double without = 0;
  double with = 0;
  /// All of the estimated shift corrected.
  double always = 0;
};

Left left_on_other_samples(double spread) {
  OnnxBuilder b = convolution({128, 8, 1, 1}, 1, true);
  Left left;
  for (uint32_t seed = 2; seed < 22; ++seed) {
    const ChannelSums seen = scattered(8, spread, 16, seed);
    const Corrected found = correct(b, seen);
    for (size_t c = 0; c < 128; ++c) {
      double truth = 0;
      double estimate = 0;
      for (size_t i = 0; i < 8; ++i) {
        const size_t at = c * 8 + i;
        const float restored = static_cast<float>(found.after.codes[at]) * found.after.scale[c];
        const double error = double{found.real.floats()[at]} - double{restored};
        truth += error * static_cast<double>(i + 1);
        estimate += error * mean_of(seen, i);
      }
      const double corrected = static_cast<double>(found.after.bias[c] - found.before.bias[c]) *
                               double{found.after.bias_scale[c]};
      left.without += truth * truth;
      left.with += (truth - corrected) * (truth - corrected);
      left.always += (truth - estimate) * (truth - estimate);
    }
  }
  return left;
}

TEST(CorrectBias, HelpsOnSamplesThatWereNotSeen) {
  const Left well_known = left_on_other_samples(1);
  EXPECT_LT(well_known.with, well_known.without / 20);
  const Left roughly_known = left_on_other_samples(10);
  EXPECT_LT(roughly_known.with, roughly_known.without / 2);
  EXPECT_LT(roughly_known.with, roughly_known.always);
  const Left unknown = left_on_other_samples(60);
  EXPECT_LT(unknown.with, unknown.always / 2);
}

TEST(CorrectBias, OnePartOfTheSamplesIsNotEnough) {
  OnnxBuilder b = convolution({6, 5, 3, 3}, 1, true);
  for (const size_t count : {0, 1}) {
    const Corrected found = correct(b, scattered(5, 0.1, count));
    EXPECT_EQ(found.told.corrected_count, 0u);
    EXPECT_THAT(found.told.obstacle, HasSubstr("too few samples"));
    EXPECT_EQ(found.after.bias, found.before.bias);
  }
}

TEST(CorrectBias, ANodeWhoseMeansDoNotHelpGetsNoBias) {
  OnnxBuilder b;
  // Each weight is a whole number of steps: nothing is lost.
  b.initializer("w", {2, 2, 1, 1}, std::vector<float>{1.27f, 0.5f, -1.27f, 0.03f});
  b.node("Conv", {"x", "w"}, {"y"});
  const Corrected found = correct(b, scattered(2, 1));
  EXPECT_THAT(found.told.obstacle, IsEmpty());
  for (const int32_t code : found.after.bias) EXPECT_NEAR(code, 0, 1);
}

TEST(CorrectBias, ABiasWithoutRoomStaysAsItIs) {
  OnnxBuilder b;
  b.initializer("w", {2, 2, 1, 1}, std::vector<float>{1, 0.3333f, 1, 0.3333f});
  b.initializer("bias", {2}, std::vector<float>{1e6f, 1});
  b.node("Conv", {"x", "w", "bias"}, {"y"});
  // The first bias takes all 30 bits, so that the scale was raised for it.
  const Corrected found = correct(b, scattered(2, 0.01), 1e-5f);
  EXPECT_EQ(found.before.raised_channel_count, 1u);
  EXPECT_LE(std::abs(found.after.bias[0]), 1 << 30);
  EXPECT_NE(found.after.bias[1], found.before.bias[1]);
}

TEST(CorrectBias, ANewBiasNeedsAScale) {
  OnnxBuilder b;
  b.initializer("w", {1, 1, 1, 1}, std::vector<float>{1e-30f});
  b.node("Conv", {"x", "w"}, {"y"});
  const Corrected found = correct(b, scattered(1, 0.01), 1e-10f);
  EXPECT_THAT(found.told.obstacle, HasSubstr("no scale"));
  EXPECT_TRUE(found.after.bias.empty());
}

TEST(CorrectBias, SumsOfOtherChannelsAreRefused) {
  OnnxBuilder b = convolution({6, 5, 3, 3}, 1, true);
  EXPECT_THROW(correct(b, scattered(4, 0.01)), Error);
}

}  // namespace
}  // namespace rangefinder::refine
