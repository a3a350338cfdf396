#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "support/onnx_builder.h"

namespace rangefinder::test_support {

/// A transformer block of one head, "x" to "y": kTokens tokens of kWidth channels.
struct SmallTransformer {
  /// Norms stand before the blocks, as in ViT: nobody else reads them. Else behind the residual
  /// additions, as in BERT: the next addition reads them, too.
  bool is_pre_norm = true;
  /// LayerNormalization; else ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add.
  bool has_operator = true;
  /// Gains of some channels are so many times the others', and the weights that read those so many
  /// times smaller: what trained networks look like.
  float outlier = 1;
  /// One sample at a time: ONNX Runtime makes Gemms of products and their biases then.
  bool has_fixed_shape = false;

  static constexpr int64_t kTokens = 12;
  static constexpr int64_t kWidth = 32;

  OnnxBuilder build() const {
    OnnxBuilder b(has_operator ? 17 : 13);
    b.input("x", {has_fixed_shape ? 1 : -1, kTokens, kWidth});
    b.initializer("two", {}, std::vector<float>{2});
    b.initializer("epsilon", {}, std::vector<float>{1e-5f});
    b.initializer("root", {}, std::vector<float>{std::sqrt(static_cast<float>(kWidth))});
    if (is_pre_norm) {
      norm(b, "x", "n1");
      attention(b, "n1", "x", "sum1");
      norm(b, "sum1", "n2");
      feed_forward(b, "n2", "sum1", "y");
    } else {
      norm(b, "x", "n1");
      attention(b, "n1", "n1", "sum1");
      norm(b, "sum1", "n2");
      feed_forward(b, "n2", "n2", "sum2");
      norm(b, "sum2", "y");
    }
    b.output("y", {has_fixed_shape ? 1 : -1, kTokens, kWidth});
    return b;
  }

  /// Tokens, others for each index.
  static std::vector<float> sample(size_t index) {
    std::vector<float> values;
    for (int64_t i = 0; i < kTokens * kWidth; ++i) {
      const auto at = static_cast<double>(i) + 389 * static_cast<double>(index);
      values.push_back(static_cast<float>(std::sin(12.9898 * at) + std::sin(0.7 * at * at)));
    }
    return values;
  }

 private:
  static bool is_outlier(int64_t channel) { return channel % 13 == 5; }

  void norm(OnnxBuilder& b, const std::string& from, const std::string& to) const {
    std::vector<float> gain;
    for (int64_t c = 0; c < kWidth; ++c) {
      gain.push_back((1 + 0.2f * std::sin(static_cast<float>(c))) * (is_outlier(c) ? outlier : 1));
    }
    b.initializer(to + "_gain", {kWidth}, gain);
    b.weights(to + "_bias", {kWidth}, 0.1f);
    if (has_operator) {
      b.node("LayerNormalization", {from, to + "_gain", to + "_bias"}, {to}).integer("axis", -1);
      return;
    }
    b.node("ReduceMean", {from}, {to + "_mean"}).ints("axes", {-1});
    b.node("Sub", {from, to + "_mean"}, {to + "_centered"});
    b.node("Pow", {to + "_centered", "two"}, {to + "_squares"});
    b.node("ReduceMean", {to + "_squares"}, {to + "_variance"}).ints("axes", {-1});
    b.node("Add", {to + "_variance", "epsilon"}, {to + "_safe"});
    b.node("Sqrt", {to + "_safe"}, {to + "_deviation"});
    b.node("Div", {to + "_centered", to + "_deviation"}, {to + "_core"});
    b.node("Mul", {to + "_core", to + "_gain"}, {to + "_scaled"});
    b.node("Add", {to + "_scaled", to + "_bias"}, {to});
  }

  /// `reads_norm`: the rows of outlier channels are small.
  void linear(OnnxBuilder& b, const std::string& from, const std::string& to, int64_t in,
              int64_t out, bool reads_norm) const {
    std::vector<float> values;
    const float size = 1.5f / std::sqrt(static_cast<float>(in));
    for (int64_t i = 0; i < in * out; ++i) {
      const double at =
          78.233 * static_cast<double>(i + 1) + 0.001 * static_cast<double>(to.size());
      const float row = reads_norm && is_outlier(i / out) ? 1 / outlier : 1;
      values.push_back(size * row * static_cast<float>(std::sin(at * at)));
    }
    b.initializer(to + "_w", {in, out}, values);
    b.weights(to + "_b", {out}, 0.1f);
    b.node("MatMul", {from, to + "_w"}, {to + "_product"}).proto().set_name(to);
    b.node("Add", {to + "_product", to + "_b"}, {to});
  }

  void attention(OnnxBuilder& b, const std::string& from, const std::string& residual,
                 const std::string& to) const {
    for (const std::string part : {"query", "key", "value"}) {
      linear(b, from, part, kWidth, kWidth, true);
    }
    b.node("Transpose", {"key"}, {"key_t"}).ints("perm", {0, 2, 1});
    b.node("MatMul", {"query", "key_t"}, {"scores"});
    b.node("Div", {"scores", "root"}, {"scaled_scores"});
    b.node("Softmax", {"scaled_scores"}, {"shares"}).integer("axis", -1);
    b.node("MatMul", {"shares", "value"}, {"context"});
    linear(b, "context", "attended", kWidth, kWidth, false);
    b.node("Add", {"attended", residual}, {to});
  }

  void feed_forward(OnnxBuilder& b, const std::string& from, const std::string& residual,
                    const std::string& to) const {
    linear(b, from, "wide", kWidth, 2 * kWidth, true);
    b.node("Relu", {"wide"}, {"active"});
    linear(b, "active", "narrow", 2 * kWidth, kWidth, false);
    b.node("Add", {"narrow", residual}, {to});
  }
};

}  // namespace rangefinder::test_support
