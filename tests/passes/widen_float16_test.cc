#include "passes/widen_float16.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "graph/constants.h"
#include "support/quantization_checks.h"
#include "tensor/half.h"

namespace rangefinder::passes {
namespace {

using tensor::ElementType;
using tensor::Tensor;
using test_support::OnnxBuilder;
using test_support::random_sample;

constexpr int32_t kHalf = onnx::TensorProto::FLOAT16;

Tensor to_half(const Tensor& value) {
  Tensor half(ElementType::kFloat16, value.shape());
  for (size_t i = 0; i < value.element_count(); ++i) {
    const uint16_t bits = tensor::float_to_float16(value.floats()[i]);
    std::memcpy(half.bytes().data() + 2 * i, &bits, 2);
  }
  return half;
}

/// Makes the last initializer of a builder float16.
void halve_last(OnnxBuilder& b) {
  auto& constant = *b.graph().mutable_initializer(b.graph().initializer_size() - 1);
  constant = graph::make_constant(constant.name(), to_half(graph::read_constant(constant)));
}

/// Conv, Relu, Cast to float32 and back, Mul by a constant node, an If that reads outside.
OnnxBuilder half_model() {
  OnnxBuilder b;
  b.input("x", {-1, 3, 6, 6}, kHalf);
  b.input("condition", {}, onnx::TensorProto::BOOL);
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  halve_last(b);
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Relu", {"c"}, {"r"});
  b.node("Cast", {"r"}, {"wide"}).integer("to", onnx::TensorProto::FLOAT);
  b.node("Cast", {"wide"}, {"narrow"}).integer("to", kHalf);
  auto half = OnnxBuilder::float_tensor("", {}, {0.5f});
  b.node("Constant", {}, {"k"})
      .tensor("value", graph::make_constant("", to_half(graph::read_constant(half))));
  b.node("Mul", {"narrow", "k"}, {"y"});
  OnnxBuilder branch;
  branch.node("Add", {"x", "x"}, {"doubled"});
  branch.output("doubled", {-1, 3, 6, 6}, kHalf);
  b.node("If", {"condition"}, {"z"})
      .graph("then_branch", branch.graph())
      .graph("else_branch", branch.graph());
  b.output("y", {-1, 4, 4, 4}, kHalf);
  b.output("z", {-1, 3, 6, 6}, kHalf);
  return b;
}

bool mentions_half(const onnx::GraphProto& graph) {
  for (const auto& constant : graph.initializer()) {
    if (constant.data_type() == kHalf) return true;
  }
  return false;
}

tensor::NamedTensors half_sample() {
  OnnxBuilder b;
  b.input("x", {2, 3, 6, 6});
  b.node("Identity", {"x"}, {"y"});
  b.output("y", {2, 3, 6, 6});
  Tensor condition(ElementType::kBool, {});
  condition.bytes()[0] = std::byte{1};
  return {{"x", to_half(random_sample(b.model(), 4).at("x"))}, {"condition", condition}};
}

TEST(WidenFloat16, ComputesTheSameBehindTheSameInterface) {
  const OnnxBuilder b = half_model();
  OnnxBuilder widened = half_model();
  EXPECT_TRUE(widen_float16(widened.model()));
  EXPECT_FALSE(mentions_half(widened.graph()));
  EXPECT_EQ(test_support::interface_of(widened.model()),
            test_support::interface_of(OnnxBuilder(b).model()));
  const auto sample = half_sample();
  const auto before = test_support::run(OnnxBuilder(b).model(), sample);
  const auto after = test_support::run(widened.model(), sample);
  for (const auto& [name, value] : before) {
    EXPECT_EQ(after.at(name).type(), ElementType::kFloat16) << name;
    EXPECT_GE(test_support::sqnr_db(value, after.at(name)), 60) << name;
  }
}

TEST(WidenFloat16, AFloatModelStaysAsItIs) {
  OnnxBuilder b;
  b.input("x", {2});
  b.node("Cast", {"x"}, {"y"}).integer("to", onnx::TensorProto::INT32);
  b.output("y", {2}, onnx::TensorProto::INT32);
  const std::string before = b.bytes();
  EXPECT_FALSE(widen_float16(b.model()));
  EXPECT_EQ(b.bytes(), before);
}

TEST(WidenFloat16, AnInputThatIsAnOutputPassesThrough) {
  OnnxBuilder b;
  b.input("x", {2}, kHalf);
  b.input("x_float32", {2});
  b.node("Add", {"x", "x"}, {"y"});
  b.node("Neg", {"x_float32"}, {"z"});
  b.output("x", {2}, kHalf);
  b.output("y", {2}, kHalf);
  b.output("z", {2});
  EXPECT_TRUE(widen_float16(b.model()));
  Tensor x = to_half(Tensor::from_floats({2}, std::vector<float>{1, -3}));
  const auto result = test_support::run(
      b.model(), {{"x", x}, {"x_float32", Tensor::from_floats({2}, std::vector<float>{5, 6})}});
  EXPECT_EQ(result.at("x"), x);
  EXPECT_EQ(result.at("y"), to_half(Tensor::from_floats({2}, std::vector<float>{2, -6})));
  EXPECT_EQ(result.at("z"), Tensor::from_floats({2}, std::vector<float>{-5, -6}));
}

TEST(WidenFloat16, ASequenceOfFloat16IsRefusedByName) {
  OnnxBuilder b;
  b.input("x", {2}, kHalf);
  b.node("SequenceConstruct", {"x"}, {"all"});
  auto* output = b.graph().add_output();
  output->set_name("all");
  output->mutable_type()
      ->mutable_sequence_type()
      ->mutable_elem_type()
      ->mutable_tensor_type()
      ->set_elem_type(kHalf);
  try {
    widen_float16(b.model());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("'all'"));
  }
}

TEST(WidenFloat16, AFloat16ModelIsQuantized) {
  const OnnxBuilder b = half_model();
  const auto sample = half_sample();
  const auto quantized = test_support::quantize(OnnxBuilder(b).model(), {sample});
  const auto kernels = test_support::kernels(quantized.model);
  EXPECT_EQ(kernels.at("QLinearConv"), 1);
  EXPECT_EQ(test_support::interface_of(quantized.model),
            test_support::interface_of(OnnxBuilder(b).model()));
  const auto real = test_support::run(OnnxBuilder(b).model(), sample);
  const auto codes = test_support::run(quantized.model, sample, engine::OptimizationLevel::kAll);
  EXPECT_EQ(codes.at("y").type(), ElementType::kFloat16);
  EXPECT_GE(test_support::sqnr_db(real.at("y"), codes.at("y")), 30);
}

}  // namespace
}  // namespace rangefinder::passes
