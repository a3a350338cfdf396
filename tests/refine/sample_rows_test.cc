#include "refine/sample_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>

#include "engine/session.h"
#include "passes/weight_layout.h"
#include "support/onnx_builder.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kZero = 128;

/// Small integers: every sum of products is exact in float32.
tensor::Tensor integers(const tensor::Shape& shape, uint32_t seed, int spread = 9) {
  std::mt19937 random(seed);
  std::vector<float> values(static_cast<size_t>(tensor::element_count(shape)));
  for (float& value : values) {
    value = static_cast<float>(static_cast<int>(random() % static_cast<uint32_t>(2 * spread + 1)) -
                               spread);
  }
  return tensor::Tensor::from_floats(shape, values);
}

std::vector<float> values_of(const tensor::Tensor& tensor) {
  return {tensor.floats().begin(), tensor.floats().end()};
}

/// A node with constant weights, its input, and the axis of its output that channels lie along.
struct Case {
  OnnxBuilder model;
  tensor::Tensor input;
  tensor::Tensor weight;
  int64_t channel_axis = -1;

  const onnx::NodeProto& node() { return model.graph().node(0); }
};

Case conv_case(const tensor::Shape& input, const tensor::Shape& weight, int64_t groups = 1) {
  Case c{OnnxBuilder(), integers(input, 1), integers(weight, 2), 1};
  c.model.input("x", input);
  c.model.initializer("w", weight, values_of(c.weight));
  c.model.node("Conv", {"x", "w"}, {"y"}).integer("group", groups);
  c.model.graph().add_output()->set_name("y");
  return c;
}

Case matrix_case(const std::string& op_type, const tensor::Shape& input,
                 const tensor::Shape& weight) {
  Case c{OnnxBuilder(), integers(input, 3), integers(weight, 4), -1};
  c.model.input("x", input);
  c.model.initializer("w", weight, values_of(c.weight));
  c.model.node(op_type, {"x", "w"}, {"y"});
  c.model.graph().add_output()->set_name("y");
  return c;
}

tensor::Tensor run(Case& c) {
  engine::Session session(engine::ModelSource(c.model.bytes(), ""), {});
  return session.run({{"x", c.input}}).at("y");
}

/// What the node makes, [row][channel].
std::vector<float> outputs(Case& c) {
  const tensor::Tensor y = run(c);
  if (c.channel_axis < 0) return values_of(y);
  const auto batch = static_cast<size_t>(y.shape()[0]);
  const auto channels = static_cast<size_t>(y.shape()[1]);
  const size_t plane = y.element_count() / batch / channels;
  std::vector<float> result;
  for (size_t row = 0; row < batch * plane; ++row) {
    for (size_t channel = 0; channel < channels; ++channel)
      result.push_back(y.floats()[(row / plane * channels + channel) * plane + row % plane]);
  }
  return result;
}

/// The same by rows and weights in the order of kernels.
std::vector<float> products(Case& c) {
  const InputRows rows(c.node(), c.weight.shape());
  const auto sampled = rows.sample(c.input.view(), {1, kZero}, 0, 1 << 20);
  EXPECT_TRUE(sampled);
  const passes::WeightLayout layout = passes::weight_layout(c.node(), c.weight.shape());
  const std::vector<float> weight = layout.arrange(c.weight.floats());
  const size_t channels = layout.channels * layout.dots;
  const size_t per_group = channels / rows.group_count();
  std::vector<float> result(sampled->row_count * channels);
  for (size_t row = 0; row < sampled->row_count; ++row) {
    for (size_t channel = 0; channel < channels; ++channel) {
      EXPECT_EQ(layout.dot_size, rows.column_count());
      const size_t first = (channel / per_group * sampled->row_count + row) * rows.column_count();
      for (size_t k = 0; k < layout.dot_size; ++k) {
        result[row * channels + channel] += static_cast<float>(sampled->codes[first + k] - kZero) *
                                            weight[channel * layout.dot_size + k];
      }
    }
  }
  return result;
}

void expect_same(Case c) { EXPECT_EQ(products(c), outputs(c)) << c.node().DebugString(); }

onnx::AttributeProto* add_attribute(Case& c, const std::string& name,
                                    onnx::AttributeProto::AttributeType type) {
  auto* attribute = c.model.graph().mutable_node(0)->add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

Case with(Case c, const std::string& name, std::initializer_list<int64_t> values) {
  auto* attribute = add_attribute(c, name, onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute->add_ints(value);
  return c;
}

Case with(Case c, const std::string& name) {
  add_attribute(c, name, onnx::AttributeProto::INT)->set_i(1);
  return c;
}

Case padded(Case c, const std::string& padding) {
  add_attribute(c, "auto_pad", onnx::AttributeProto::STRING)->set_s(padding);
  return c;
}

// The rows times the weights are what ONNX Runtime computes: rows, padding and order are right.
TEST(InputRows, TimesTheWeightsAreTheOutputsOfConvolutions) {
  expect_same(conv_case({2, 3, 7}, {4, 3, 3}));
  expect_same(conv_case({1, 3, 6, 5}, {5, 3, 2, 3}));
  expect_same(with(conv_case({2, 3, 6, 5}, {5, 3, 3, 3}), "pads", {1, 0, 2, 1}));
  expect_same(
      with(with(conv_case({1, 2, 9, 8}, {3, 2, 3, 2}), "strides", {2, 3}), "dilations", {2, 1}));
  expect_same(with(conv_case({1, 4, 7, 7}, {6, 2, 3, 3}, 2), "pads", {1, 1, 1, 1}));
  expect_same(with(conv_case({2, 5, 6, 6}, {5, 1, 3, 3}, 5), "strides", {2, 2}));
  expect_same(conv_case({1, 4, 5, 5}, {8, 1, 2, 2}, 4));
  expect_same(conv_case({1, 2, 4, 5, 6}, {3, 2, 2, 3, 2}));
  for (const char* padding : {"SAME_UPPER", "SAME_LOWER", "VALID"}) {
    expect_same(padded(with(conv_case({1, 2, 6, 7}, {3, 2, 4, 3}), "strides", {2, 2}), padding));
  }
}

TEST(InputRows, TimesTheWeightsAreTheOutputsOfMatrices) {
  expect_same(matrix_case("MatMul", {4, 6}, {6, 3}));
  expect_same(matrix_case("MatMul", {2, 3, 4, 6}, {6, 3}));
  expect_same(matrix_case("MatMul", {6}, {6, 3}));
  expect_same(matrix_case("MatMul", {5, 6}, {6}));
  expect_same(matrix_case("Gemm", {4, 6}, {6, 3}));
  expect_same(with(matrix_case("Gemm", {4, 6}, {3, 6}), "transB"));
  expect_same(with(matrix_case("Gemm", {6, 4}, {6, 3}), "transA"));
  expect_same(with(with(matrix_case("Gemm", {6, 4}, {3, 6}), "transA"), "transB"));
}

// Where windows do not overlap an output is one pixel times one position of the window.
TEST(InputRows, TimesTheWeightsAreTheOutputsOfTransposedConvolutions) {
  for (const int64_t groups : {1, 2}) {
    Case c{OnnxBuilder(), integers({2, 4, 3, 5}, 1), integers({4, 3, 2, 2}, 2)};
    c.model.input("x", c.input.shape());
    c.model.initializer("w", c.weight.shape(), values_of(c.weight));
    c.model.node("ConvTranspose", {"x", "w"}, {"y"})
        .integer("group", groups)
        .ints("strides", {2, 2});
    c.model.graph().add_output()->set_name("y");
    const tensor::Tensor y = run(c);
    const auto channels = static_cast<size_t>(3 * groups);
    ASSERT_EQ(y.shape(), (tensor::Shape{2, 3 * groups, 6, 10}));
    std::vector<float> expected;
    for (size_t row = 0; row < 2 * 3 * 5; ++row) {
      const size_t n = row / 15, h = row % 15 / 5, w = row % 5;
      for (size_t dot = 0; dot < channels * 4; ++dot) {
        const size_t y_row = 2 * h + dot % 4 / 2, y_column = 2 * w + dot % 2;
        expected.push_back(y.floats()[((n * channels + dot / 4) * 6 + y_row) * 10 + y_column]);
      }
    }
    EXPECT_EQ(products(c), expected) << groups;
  }
}

TEST(InputRows, TimesTheWeightsAreTheOutputsOfStacksOfMatrices) {
  expect_same(matrix_case("MatMul", {2, 4, 6}, {1, 6, 3}));
  for (const tensor::Shape& input : {tensor::Shape{2, 5, 4, 6}, tensor::Shape{5, 4, 6}}) {
    Case c = matrix_case("MatMul", input, {5, 6, 3});
    const tensor::Tensor y = run(c);
    std::vector<float> expected;
    for (size_t row = 0; row < c.input.element_count() / (5 * 6); ++row) {
      for (size_t dot = 0; dot < 5 * 3; ++dot) {
        const size_t matrix = row / 4 * 5 + dot / 3;
        expected.push_back(y.floats()[(matrix * 4 + row % 4) * 3 + dot % 3]);
      }
    }
    EXPECT_EQ(products(c), expected);
  }
  Case spread = matrix_case("MatMul", {4, 6}, {5, 6, 3});
  const InputRows rows(spread.node(), spread.weight.shape());
  EXPECT_EQ(rows.group_count(), 5u);
  EXPECT_THROW(rows.sample(spread.input.view(), {1, 0}, 0, 9), std::invalid_argument);
}

TEST(InputRows, OfOtherKindsAreRefused) {
  const auto refuse = [](Case c, const std::string& why) {
    try {
      InputRows(c.node(), c.weight.shape());
      FAIL() << why;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
  };
  refuse(conv_case({1, 1, 2, 2, 2, 2}, {1, 1, 1, 1, 1, 1}), "6 dimensions");
}

TEST(InputRows, RefuseATensorThatDoesNotFit) {
  Case conv = conv_case({1, 4, 5, 5}, {8, 4, 2, 2});
  const InputRows windows(conv.node(), conv.weight.shape());
  EXPECT_THROW(windows.sample(integers({1, 3, 5, 5}, 1).view(), {1, 0}, 0, 9),
               std::invalid_argument);
  Case matrix = matrix_case("MatMul", {4, 6}, {6, 3});
  const InputRows rows(matrix.node(), matrix.weight.shape());
  EXPECT_THROW(rows.sample(integers({4, 5}, 1).view(), {1, 0}, 0, 9), std::invalid_argument);
  EXPECT_THROW(
      rows.sample(tensor::Tensor(tensor::ElementType::kInt64, {4, 6}).view(), {1, 0}, 0, 9),
      std::invalid_argument);
}

TEST(InputRows, NothingIsSampledOfWhatIsNoNumber) {
  Case matrix = matrix_case("MatMul", {4, 6}, {6, 3});
  const InputRows rows(matrix.node(), matrix.weight.shape());
  for (const float bad : {NAN, std::numeric_limits<float>::infinity()}) {
    tensor::Tensor values = integers({4, 6}, 1);
    values.floats()[13] = bad;
    EXPECT_FALSE(rows.sample(values.view(), {1, kZero}, 0, 9));
  }
}

TEST(InputRows, HaveTheSameKeyIfTheyAreTheSame) {
  const auto key = [](Case c) { return InputRows(c.node(), c.weight.shape()).key(); };
  EXPECT_EQ(key(matrix_case("MatMul", {4, 6}, {6, 3})), key(matrix_case("Gemm", {4, 6}, {6, 9})));
  EXPECT_EQ(key(conv_case({1, 2, 5, 5}, {3, 2, 2, 2})), key(conv_case({1, 2, 5, 5}, {7, 2, 2, 2})));
  std::set<std::string> keys = {
      key(matrix_case("MatMul", {4, 6}, {6, 3})),
      key(with(matrix_case("Gemm", {6, 4}, {6, 3}), "transA")),
      key(matrix_case("MatMul", {5, 4, 6}, {5, 6, 3})),
      key(conv_case({1, 2, 5, 5}, {4, 2, 2, 2})),
      key(conv_case({1, 2, 5, 5}, {4, 1, 2, 2}, 2)),
      key(conv_case({1, 2, 5, 5}, {4, 2, 1, 2})),
      key(with(conv_case({1, 2, 5, 5}, {4, 2, 2, 2}), "strides", {1, 2})),
      key(with(conv_case({1, 2, 5, 5}, {4, 2, 2, 2}), "dilations", {1, 2})),
      key(with(conv_case({1, 2, 5, 5}, {4, 2, 2, 2}), "pads", {1, 0, 0, 0})),
      key(padded(conv_case({1, 2, 5, 5}, {4, 2, 2, 2}), "SAME_UPPER")),
  };
  EXPECT_EQ(keys.size(), 10u);
}

TEST(InputCodes, RoundHalfToEvenAndClip) {
  const InputCodes codes(0.5f, 10, 20);
  const std::vector<float> reals = {0, 0.25f, 0.75f, -0.25f, 1.2f, 100, -100};
  std::vector<uint8_t> found(reals.size());
  EXPECT_TRUE(codes.write(reals, found.data()));
  EXPECT_THAT(found, ElementsAre(10, 10, 12, 10, 12, 20, 0));
}

TEST(InputCodes, AreCountedFromTheSmallest) {
  using quantization::Symmetry;
  auto config = quantization::TensorQuantizationConfig::linear(Symmetry::kAsymmetric, 8);
  config.quant_min = -128;
  config.quant_max = 127;
  config.activate({0.25f}, {-100});
  EXPECT_EQ(InputCodes(config), InputCodes(0.25f, 28, 255));
  config.quant_max = 128;
  EXPECT_THROW(InputCodes{config}, std::invalid_argument);
}

TEST(ChooseRows, TakesOneOfEachPart) {
  for (const size_t most : {1, 7, 40}) {
    const auto rows = choose_rows(100, most, 5);
    ASSERT_EQ(rows.size(), most);
    for (size_t i = 0; i < most; ++i) {
      EXPECT_GE(rows[i], i * 100 / most);
      EXPECT_LT(rows[i], (i + 1) * 100 / most);
    }
  }
  EXPECT_THAT(choose_rows(3, 5, 1), ElementsAre(0, 1, 2));
  EXPECT_TRUE(choose_rows(0, 5, 1).empty());
}

TEST(ChooseRows, DependsOnTheSeedAlone) {
  EXPECT_EQ(choose_rows(1000, 20, 5), choose_rows(1000, 20, 5));
  EXPECT_NE(choose_rows(1000, 20, 5), choose_rows(1000, 20, 6));
  // These numbers are part of what makes a model: they may not change.
  EXPECT_THAT(choose_rows(1000, 4, row_seed("x", 3)), ElementsAre(123, 410, 733, 775));
  EXPECT_NE(row_seed("x", 3), row_seed("x", 4));
  EXPECT_NE(row_seed("x", 3), row_seed("y", 3));
}

}  // namespace
}  // namespace rangefinder::refine
