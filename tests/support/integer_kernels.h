#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "engine/session.h"
#include "graph/constants.h"
#include "support/onnx_builder.h"

// What the integer kernels of this machine compute, against exact integers.

namespace rangefinder::test_support {

/// True where the processor adds products of bytes in 32 bits (or is no x86-64 at all).
inline bool has_exact_dot_products() {
  std::ifstream info("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(info)), {});
  return text.find("avx") == std::string::npos || text.find("vnni") != std::string::npos;
}

/// Every real weight of a sign as large as its neighbours, tails, and noise.
inline std::vector<float> adversarial(size_t channels, size_t per_channel) {
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
struct KernelCase {
  std::string op_type;
  /// Conv: [channels, inputs per group, window...]; else [K, N].
  tensor::Shape weight;
  tensor::Shape input;
  int64_t groups = 1;
};

inline std::string name_of(const KernelCase& c) {
  return c.op_type + tensor::to_string(c.weight) + " of " + tensor::to_string(c.input) +
         (c.groups > 1 ? " groups " + std::to_string(c.groups) : "");
}

/// Sums that a step of 2^-kShift brings into the 8 bits of an output.
inline constexpr int kShift = 11;
inline constexpr int kOutputZero = 128;

inline uint8_t output_code(int64_t sum) {
  const double scaled = std::nearbyint(static_cast<double>(sum) / (1 << kShift));
  return static_cast<uint8_t>(std::clamp(scaled + kOutputZero, 0.0, 255.0));
}

/// y[row, n] = sum over k of x[row, k] w[k, n], exact.
inline std::vector<uint8_t> exact_matmul(const KernelCase& c, const std::vector<uint8_t>& x,
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
inline std::vector<uint8_t> exact_conv(const KernelCase& c, const std::vector<uint8_t>& x,
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

/// The weight's real values.
inline std::vector<float> real_weights(const KernelCase& c) {
  const auto count = static_cast<size_t>(tensor::element_count(c.weight));
  if (c.op_type == "Conv") {
    return adversarial(static_cast<size_t>(c.weight[0]), count / static_cast<size_t>(c.weight[0]));
  }
  const auto n_count = static_cast<size_t>(c.weight[1]);
  const auto columns = adversarial(n_count, count / n_count);
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i)
    values.push_back(columns[i % n_count * (count / n_count) + i / n_count]);
  return values;
}

/// A model of one node, the float operator with these weights between "x" and "y".
inline OnnxBuilder weighted_model(const KernelCase& c) {
  OnnxBuilder b;
  b.initializer("w", c.weight, real_weights(c));
  auto node = b.node(c.op_type == "QGemm" ? "Gemm" : c.op_type, {"x", "w"}, {"y"});
  if (c.op_type == "Conv") node.integer("group", c.groups);
  return b;
}

/// The integer operator alone, in the model's own layout or in that which ONNX Runtime prefers.
inline std::vector<uint8_t> run_kernel(const KernelCase& c, const std::vector<uint8_t>& x,
                                       const std::vector<int8_t>& w,
                                       engine::OptimizationLevel level) {
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

inline const std::vector<KernelCase>& kernel_cases() {
  static const std::vector<KernelCase> kCases = {
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
inline std::vector<std::vector<uint8_t>> adversarial_activations(const KernelCase& c) {
  const auto count = static_cast<size_t>(tensor::element_count(c.input));
  std::mt19937 generator(3);
  std::vector<uint8_t> mixed(count);
  for (auto& code : mixed) code = generator() % 3 == 0 ? 0 : 255;
  std::vector<uint8_t> any(count);
  for (auto& code : any) code = static_cast<uint8_t>(generator());
  return {std::vector<uint8_t>(count, 255), std::vector<uint8_t>(count, 0), mixed, any};
}

/// How many outputs of the kernel differ from exact arithmetic, over all activations and layouts.
inline size_t count_differences(const KernelCase& c, const std::vector<int8_t>& w) {
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

}  // namespace rangefinder::test_support
