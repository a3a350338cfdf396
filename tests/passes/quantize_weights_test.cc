#include "passes/quantize_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "support/integer_kernels.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::has_exact_dot_products;
using test_support::kernel_cases;
using test_support::KernelCase;
using test_support::name_of;
using test_support::OnnxBuilder;
using test_support::output_code;
using test_support::run_kernel;
using testing::ElementsAre;
using testing::HasSubstr;

QuantizedWeight quantize(OnnxBuilder& b, float input_scale = 0.1f,
                         std::string_view target = "ort-cpu-vnni") {
  graph::Graph graph(b.model());
  return quantize_weight(graph, graph.message().node(0), input_scale, targets::find_target(target));
}

TEST(QuantizeWeight, ConvHasAScalePerOutputChannel) {
  OnnxBuilder b;
  b.initializer("w", {2, 1, 1, 2}, std::vector<float>{1.27f, -0.5f, 0.0635f, 0.127f});
  b.node("Conv", {"x", "w"}, {"y"});
  const QuantizedWeight weight = quantize(b);
  EXPECT_EQ(weight.axis, 0);
  EXPECT_THAT(weight.scale, ElementsAre(testing::FloatEq(0.01f), testing::FloatEq(0.001f)));
  EXPECT_THAT(weight.codes, ElementsAre(127, -50, 64, 127));
  EXPECT_TRUE(weight.bias.empty());
}

TEST(QuantizeWeight, GemmFoldsAlphaAndBetaAndKnowsItsAxis) {
  for (const int64_t transposed : {0, 1}) {
    OnnxBuilder b;
    b.initializer("w", {2, 2}, std::vector<float>{1, 2, 3, 4});
    b.initializer("bias", {2}, std::vector<float>{1, -1});
    b.node("Gemm", {"x", "w", "bias"}, {"y"})
        .integer("transB", transposed)
        .real("alpha", 12.7f)
        .real("beta", 2);
    const QuantizedWeight weight = quantize(b);
    EXPECT_EQ(weight.axis, transposed ? 0 : 1);
    const auto first = transposed ? 0.2f : 0.3f;
    EXPECT_THAT(weight.scale, ElementsAre(testing::FloatEq(first), testing::FloatEq(0.4f)));
    EXPECT_FLOAT_EQ(weight.bias_scale[0], 0.1f * weight.scale[0]);
    EXPECT_EQ(weight.bias[0], std::nearbyint(2 / weight.bias_scale[0]));
    EXPECT_EQ(weight.bias[1], std::nearbyint(-2 / weight.bias_scale[1]));
  }
}

TEST(QuantizeWeight, StackedMatricesShareOneScale) {
  OnnxBuilder b;
  b.weights("w", {3, 5, 2}, 1.27f);
  b.node("MatMul", {"x", "w"}, {"y"});
  const QuantizedWeight weight = quantize(b);
  EXPECT_EQ(weight.axis, std::nullopt);
  EXPECT_EQ(weight.scale.size(), 1u);
  EXPECT_EQ(weight.codes.size(), 30u);
  int largest = 0;
  for (const int code : weight.codes) largest = std::max(largest, std::abs(code));
  EXPECT_EQ(largest, 127);
}

TEST(QuantizeWeight, ATransposedConvolutionHasAScalePerOutputChannel) {
  const auto made = [](int64_t groups) {
    OnnxBuilder b;
    b.initializer("w", {2, 2, 1, 1}, std::vector<float>{1.27f, 0.127f, -0.635f, 0.0635f});
    b.initializer("bias", {2 * groups}, std::vector<float>(static_cast<size_t>(2 * groups), 1));
    b.node("ConvTranspose", {"x", "w", "bias"}, {"y"}).integer("group", groups);
    return quantize(b, 0.1f, "tensorrt");
  };
  const QuantizedWeight whole = made(1);
  EXPECT_EQ(whole.axis, 1);
  EXPECT_THAT(whole.scale, ElementsAre(testing::FloatEq(0.01f), testing::FloatEq(0.001f)));
  EXPECT_THAT(whole.codes, ElementsAre(127, 127, -64, 64));
  const QuantizedWeight groups = made(2);
  EXPECT_EQ(groups.axis, std::nullopt);
  EXPECT_THAT(groups.scale, ElementsAre(testing::FloatEq(0.01f)));
  EXPECT_THAT(groups.codes, ElementsAre(127, 13, -64, 6));
  EXPECT_EQ(groups.float_bias.size(), 4u);
}

TEST(QuantizeWeight, ChannelOfZerosHasScaleOneAndItsBiasRoom) {
  OnnxBuilder b;
  b.initializer("w", {2, 1, 1, 1}, std::vector<float>{0, 0});
  b.initializer("bias", {2}, std::vector<float>{0, 5e9f});
  b.node("Conv", {"x", "w", "bias"}, {"y"});
  const QuantizedWeight weight = quantize(b);
  EXPECT_EQ(weight.scale[0], 1);
  EXPECT_THAT(weight.codes, ElementsAre(0, 0));
  EXPECT_EQ(weight.bias[0], 0);
  EXPECT_NEAR(weight.bias[1] * static_cast<double>(weight.bias_scale[1]), 5e9, 1e3);
  EXPECT_LE(weight.bias[1], 1 << 30);
  EXPECT_EQ(weight.raised_channel_count, 0u);
}

TEST(QuantizeWeight, ALargeBiasRaisesTheScale) {
  OnnxBuilder b;
  b.initializer("w", {1, 1, 1, 1}, std::vector<float>{1e-6f});
  b.initializer("bias", {1}, std::vector<float>{-100});
  b.node("Conv", {"x", "w", "bias"}, {"y"});
  const QuantizedWeight weight = quantize(b, 1e-5f);
  EXPECT_EQ(weight.raised_channel_count, 1u);
  EXPECT_NEAR(weight.bias[0] * static_cast<double>(weight.bias_scale[0]), -100, 1e-4);
}

TEST(QuantizeWeight, DenormalWeightsKeepANormalScale) {
  OnnxBuilder b;
  b.initializer("w", {1, 1, 1, 1}, std::vector<float>{1e-42f});
  b.node("Conv", {"x", "w"}, {"y"});
  EXPECT_TRUE(std::isnormal(quantize(b).scale[0]));
}

TEST(QuantizeWeight, NotANumberIsRefusedByName) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    OnnxBuilder b;
    b.initializer("w", {1, 1, 1, 1}, std::vector<float>{bad});
    b.node("Conv", {"x", "w"}, {"y"});
    try {
      quantize(b);
      FAIL();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("'w'"), HasSubstr("Conv_y")));
    }
  }
}

// ---- Saturation: what the kernels of this machine compute, against exact integers ----

/// Codes of the weight as the target wants them.
std::vector<int8_t> weight_codes(const KernelCase& c, std::string_view target) {
  OnnxBuilder b = test_support::weighted_model(c);
  return quantize(b, 1, target).codes;
}

size_t count_differences(const KernelCase& c, std::string_view target) {
  return test_support::count_differences(c, weight_codes(c, target));
}

TEST(Saturation, GuardedWeightsGiveExactSumsOnAnyProcessor) {
  for (const KernelCase& c : kernel_cases())
    EXPECT_EQ(count_differences(c, "ort-cpu"), 0u) << name_of(c);
}

TEST(Saturation, UnguardedWeightsDoNotBeforeVnni) {
  if (has_exact_dot_products()) GTEST_SKIP() << "this processor adds products in 32 bits";
  for (const KernelCase& c : kernel_cases()) {
    const bool is_depthwise = c.groups == c.weight[0];
    EXPECT_EQ(count_differences(c, "ort-cpu-vnni") == 0, is_depthwise) << name_of(c);
  }
}

TEST(Saturation, GuardCostsLittle) {
  for (const KernelCase& c : kernel_cases()) {
    const auto guarded = weight_codes(c, "ort-cpu");
    const auto plain = weight_codes(c, "ort-cpu-vnni");
    if (c.groups == c.weight[0]) {
      EXPECT_EQ(guarded, plain) << name_of(c);
      continue;
    }
    // At worst, where all neighbours are equal, the codes are halved: 7 bits.
    for (size_t i = 0; i < plain.size(); ++i) {
      ASSERT_GE(std::abs(guarded[i]), std::abs(plain[i]) * 64 / 127 - 2) << name_of(c);
    }
  }
}

TEST(Saturation, PairsThatSaturateAreNeighboursChannelsLast) {
  if (has_exact_dot_products()) GTEST_SKIP() << "this processor adds products in 32 bits";
  // One output channel for each pair of the 12 weights that a 2x2 window over 3 channels has.
  constexpr int kInputs = 3;
  constexpr int kWindow = 4;
  constexpr int kCount = kInputs * kWindow;
  std::vector<std::pair<int, int>> pairs;
  for (int i = 0; i < kCount; ++i) {
    for (int j = i + 1; j < kCount; ++j) pairs.emplace_back(i, j);
  }
  std::vector<int8_t> w(pairs.size() * kCount, 0);
  for (size_t o = 0; o < pairs.size(); ++o) {
    w[o * kCount + static_cast<size_t>(pairs[o].first)] = 127;
    w[o * kCount + static_cast<size_t>(pairs[o].second)] = 127;
  }
  const KernelCase c = {
      "Conv", {static_cast<int64_t>(pairs.size()), kInputs, 2, 2}, {1, kInputs, 2, 2}};
  const auto y =
      run_kernel(c, std::vector<uint8_t>(kCount, 255), w, engine::OptimizationLevel::kAll);
  const auto place = [](int i) { return i % kWindow * kInputs + i / kWindow; };  // channels last
  for (size_t o = 0; o < pairs.size(); ++o) {
    const int a = place(pairs[o].first);
    const int b = place(pairs[o].second);
    const int low = std::min(a, b);
    const int high = std::max(a, b);
    const bool saturates = y[o] != output_code(2 * 127 * 255);
    EXPECT_EQ(saturates, low % 2 == 0 && high == low + 1) << low << " " << high;
  }
}

/// Weights and biases at the ends of float32: scales stay normal numbers, and what they restore to
/// is finite.
TEST(QuantizeWeight, ScalesAreNormalNumbers) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  for (const std::string_view target : {"ort-cpu", "ort-cpu-vnni"}) {
    for (const float weight : {0.0f, 1e-40f, 1e-38f, 1e-30f, 1.0f, 1e30f, kLargest}) {
      for (const float bias : {0.0f, 1e-40f, 1e-38f, 1.0f, 1e9f, -1e30f, kLargest}) {
        for (const float input_scale : {1e-30f, 0.02f, 1.0f}) {
          OnnxBuilder b;
          b.initializer("w", {1, 2, 1, 1}, std::vector<float>{weight, weight});
          b.initializer("bias", {1}, std::vector<float>{bias});
          b.node("Conv", {"x", "w", "bias"}, {"y"});
          QuantizedWeight found;
          try {
            found = quantize(b, input_scale, target);
          } catch (const Error& error) {
            EXPECT_EQ(error.place().tensor, "bias");
            EXPECT_GT(std::abs(bias) / input_scale, 1e38f) << "it fits";
            continue;
          }
          const auto say = testing::Message() << weight << " " << bias << " " << input_scale;
          EXPECT_TRUE(std::isnormal(found.scale[0])) << say;
          EXPECT_TRUE(std::isnormal(found.bias_scale[0])) << say;
          EXPECT_TRUE(std::isfinite(found.scale[0] * found.codes[0])) << say;
          EXPECT_NEAR(found.scale[0] * found.codes[0] - weight, 0, 0.51f * found.scale[0]) << say;
          if (bias >= 1) {
            const double restored = static_cast<double>(found.bias_scale[0]) * found.bias[0];
            EXPECT_NEAR(restored / static_cast<double>(bias), 1,
                        0.6 * found.bias_scale[0] / bias + 1e-6)
                << say;
          }
        }
      }
    }
  }
}

TEST(QuantizeWeight, RefusesNaNInTheBias) {
  OnnxBuilder b;
  b.initializer("w", {2, 1, 1, 1}, std::vector<float>{1, 2});
  b.initializer("bias", {2}, std::vector<float>{NAN, 1});
  b.node("Conv", {"x", "w", "bias"}, {"y"});
  EXPECT_THROW(quantize(b), Error);
}

}  // namespace
}  // namespace rangefinder::passes
