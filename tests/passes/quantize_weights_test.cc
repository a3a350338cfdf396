#include "passes/quantize_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>

#include "base/error.h"
#include "engine/session.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
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

/// True where the processor adds products of bytes in 32 bits (or is no x86-64 at all).
bool has_exact_dot_products() {
  std::ifstream info("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(info)), {});
  return text.find("avx") == std::string::npos || text.find("vnni") != std::string::npos;
}

/// Every real weight of a sign as large as its neighbours, tails, and noise.
std::vector<float> adversarial(size_t channels, size_t per_channel) {
  std::mt19937 generator(5);
  std::normal_distribution<float> normal;
  std::vector<float> values;
  for (size_t c = 0; c < channels; ++c) {
    for (size_t i = 0; i < per_channel; ++i) {
      const float x = normal(generator);
      switch (c % 4) {
        case 0:
          values.push_back(c % 8 == 0 ? 1.0f : -1.0f);
          break;
        case 1:
          values.push_back(std::abs(x));
          break;
        case 2:
          values.push_back(x);
          break;
        default:
          values.push_back(x * x * x);
          break;
      }
    }
  }
  return values;
}

/// One operator with weights to quantize, and its input.
struct Case {
  std::string op_type;
  /// Conv: [channels, inputs per group, window...]; else [K, N].
  tensor::Shape weight;
  tensor::Shape input;
  int64_t groups = 1;
};

std::string name_of(const Case& c) {
  return c.op_type + tensor::to_string(c.weight) + " of " + tensor::to_string(c.input) +
         (c.groups > 1 ? " groups " + std::to_string(c.groups) : "");
}

/// Sums that a step of 2^-kShift brings into the 8 bits of an output.
constexpr int kShift = 11;
constexpr int kOutputZero = 128;

uint8_t output_code(int64_t sum) {
  const double scaled = std::nearbyint(static_cast<double>(sum) / (1 << kShift));
  return static_cast<uint8_t>(std::clamp(scaled + kOutputZero, 0.0, 255.0));
}

/// y[row, n] = sum over k of x[row, k] w[k, n], exact.
std::vector<uint8_t> exact_matmul(const Case& c, const std::vector<uint8_t>& x,
                                  const std::vector<int8_t>& w) {
  const auto k_count = static_cast<size_t>(c.weight[0]);
  const auto n_count = static_cast<size_t>(c.weight[1]);
  std::vector<uint8_t> y;
  for (size_t row = 0; row < x.size() / k_count; ++row) {
    for (size_t n = 0; n < n_count; ++n) {
      int64_t sum = 0;
      for (size_t k = 0; k < k_count; ++k) sum += x[row * k_count + k] * w[k * n_count + n];
      y.push_back(output_code(sum));
    }
  }
  return y;
}

/// A convolution in two dimensions without padding, exact.
std::vector<uint8_t> exact_conv(const Case& c, const std::vector<uint8_t>& x,
                                const std::vector<int8_t>& w) {
  const auto& in = c.input;
  const auto& win = c.weight;
  const int64_t height = in[2] - win[2] + 1;
  const int64_t width = in[3] - win[3] + 1;
  const int64_t outputs_per_group = win[0] / c.groups;
  std::vector<uint8_t> y;
  for (int64_t b = 0; b < in[0]; ++b) {
    for (int64_t o = 0; o < win[0]; ++o) {
      for (int64_t place = 0; place < height * width; ++place) {
        int64_t sum = 0;
        for (int64_t i = 0; i < win[1]; ++i) {
          const int64_t channel = o / outputs_per_group * win[1] + i;
          for (int64_t p = 0; p < win[2] * win[3]; ++p) {
            const int64_t row = place / width + p / win[3];
            const int64_t column = place % width + p % win[3];
            const int64_t from = ((b * in[1] + channel) * in[2] + row) * in[3] + column;
            sum += x[static_cast<size_t>(from)] *
                   w[static_cast<size_t>((o * win[1] + i) * win[2] * win[3] + p)];
          }
        }
        y.push_back(output_code(sum));
      }
    }
  }
  return y;
}

/// Codes of the weight as the target wants them.
std::vector<int8_t> weight_codes(const Case& c, std::string_view target) {
  OnnxBuilder b;
  const auto count = static_cast<size_t>(tensor::element_count(c.weight));
  std::vector<float> values;
  if (c.op_type == "Conv") {
    values =
        adversarial(static_cast<size_t>(c.weight[0]), count / static_cast<size_t>(c.weight[0]));
  } else {
    const auto n_count = static_cast<size_t>(c.weight[1]);
    const auto columns = adversarial(n_count, count / n_count);
    for (size_t i = 0; i < count; ++i) {
      values.push_back(columns[i % n_count * (count / n_count) + i / n_count]);
    }
  }
  b.initializer("w", c.weight, values);
  b.node(c.op_type == "QGemm" ? "Gemm" : c.op_type, {"x", "w"}, {"y"}).integer("group", c.groups);
  return quantize(b, 1, target).codes;
}

/// The integer operator alone, in the model's own layout or in that which ONNX Runtime prefers.
std::vector<uint8_t> run_kernel(const Case& c, const std::vector<uint8_t>& x,
                                const std::vector<int8_t>& w, engine::OptimizationLevel level) {
  OnnxBuilder b;
  b.input("x", c.input, onnx::TensorProto::UINT8);
  *b.graph().add_initializer() = graph::make_int8s("w", c.weight, w);
  *b.graph().add_initializer() = graph::make_int8s("w_zero", {}, std::array<int8_t, 1>{0});
  *b.graph().add_initializer() = graph::make_uint8s("zero", {}, std::array<uint8_t, 1>{0});
  *b.graph().add_initializer() =
      graph::make_uint8s("y_zero", {}, std::array<uint8_t, 1>{kOutputZero});
  b.initializer("one", {}, std::vector<float>{1});
  b.initializer("y_scale", {}, std::vector<float>{1 << kShift});
  tensor::Shape output = {c.input[0], c.weight[c.op_type == "Conv" ? 0 : 1]};
  if (c.op_type == "Conv") {
    for (size_t i = 2; i < 4; ++i) output.push_back(c.input[i] - c.weight[i] + 1);
    b.node("QLinearConv", {"x", "one", "zero", "w", "one", "w_zero", "y_scale", "y_zero"}, {"y"})
        .integer("group", c.groups);
  } else if (c.op_type == "MatMul") {
    b.node("QLinearMatMul", {"x", "one", "zero", "w", "one", "w_zero", "y_scale", "y_zero"}, {"y"});
  } else {
    b.import("com.microsoft");
    b.node("QGemm", {"x", "one", "zero", "w", "one", "w_zero", "", "y_scale", "y_zero"}, {"y"})
        .proto()
        .set_domain("com.microsoft");
  }
  b.output("y", output, onnx::TensorProto::UINT8);
  engine::Session session(engine::ModelSource(b.bytes(), ""), {.optimization = level});
  tensor::Tensor sample(tensor::ElementType::kUint8, c.input);
  std::memcpy(sample.bytes().data(), x.data(), x.size());
  const tensor::Tensor y = session.run({{"x", sample}}).at("y");
  const auto* codes = reinterpret_cast<const uint8_t*>(y.bytes().data());
  return {codes, codes + y.bytes().size()};
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"Conv", {16, 3, 3, 3}, {1, 3, 6, 6}},       // pairs cross window positions
      {"Conv", {16, 1, 5, 5}, {2, 1, 9, 9}},       // one input channel: pairs within the window
      {"Conv", {24, 8, 3, 3}, {1, 8, 7, 7}},       // kernels for symmetric weights
      {"Conv", {16, 32, 1, 1}, {1, 32, 5, 5}},     // pointwise
      {"Conv", {7, 5, 1, 1}, {1, 5, 4, 4}},        // pointwise, odd
      {"Conv", {8, 6, 2, 3}, {1, 12, 6, 6}, 2},    // grouped
      {"Conv", {16, 1, 3, 3}, {1, 16, 7, 7}, 16},  // depthwise
      {"Conv", {32, 1, 3, 3}, {1, 8, 7, 7}, 8},    // depthwise, several outputs each
      {"MatMul", {33, 12}, {1, 33}},               // vector times matrix
      {"MatMul", {64, 40}, {9, 64}},
      {"QGemm", {64, 40}, {9, 64}},
  };
  return kCases;
}

/// All at their largest, all at their smallest, and extremes by chance.
std::vector<std::vector<uint8_t>> adversarial_activations(const Case& c) {
  const auto count = static_cast<size_t>(tensor::element_count(c.input));
  std::mt19937 generator(3);
  std::vector<uint8_t> mixed(count);
  for (auto& code : mixed) code = generator() % 3 == 0 ? 0 : 255;
  std::vector<uint8_t> any(count);
  for (auto& code : any) code = static_cast<uint8_t>(generator());
  return {std::vector<uint8_t>(count, 255), std::vector<uint8_t>(count, 0), mixed, any};
}

/// How many outputs of the kernel differ from exact arithmetic, over all activations and layouts.
size_t count_differences(const Case& c, std::string_view target) {
  const auto w = weight_codes(c, target);
  size_t differences = 0;
  for (const auto& x : adversarial_activations(c)) {
    const auto exact = c.op_type == "Conv" ? exact_conv(c, x, w) : exact_matmul(c, x, w);
    for (const auto level : {engine::OptimizationLevel::kNone, engine::OptimizationLevel::kAll}) {
      const auto y = run_kernel(c, x, w, level);
      EXPECT_EQ(y.size(), exact.size());
      for (size_t i = 0; i < std::min(y.size(), exact.size()); ++i) differences += y[i] != exact[i];
    }
  }
  return differences;
}

TEST(Saturation, GuardedWeightsGiveExactSumsOnAnyProcessor) {
  for (const Case& c : cases()) EXPECT_EQ(count_differences(c, "ort-cpu"), 0u) << name_of(c);
}

TEST(Saturation, UnguardedWeightsDoNotBeforeVnni) {
  if (has_exact_dot_products()) GTEST_SKIP() << "this processor adds products in 32 bits";
  for (const Case& c : cases()) {
    const bool is_depthwise = c.groups == c.weight[0];
    EXPECT_EQ(count_differences(c, "ort-cpu-vnni") == 0, is_depthwise) << name_of(c);
  }
}

TEST(Saturation, GuardCostsLittle) {
  for (const Case& c : cases()) {
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
  const Case c = {"Conv", {static_cast<int64_t>(pairs.size()), kInputs, 2, 2}, {1, kInputs, 2, 2}};
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
