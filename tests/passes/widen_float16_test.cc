#include "passes/widen_float16.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

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

constexpr int32_t kBfloat = onnx::TensorProto::BFLOAT16;

Tensor to_bfloat(const Tensor& value) {
  Tensor narrow(ElementType::kBfloat16, value.shape());
  for (size_t i = 0; i < value.element_count(); ++i) {
    const uint16_t bits = tensor::float_to_bfloat16(value.floats()[i]);
    std::memcpy(narrow.bytes().data() + 2 * i, &bits, 2);
  }
  return narrow;
}

/// ONNX Runtime has no Conv for bfloat16, so this model runs only once it is widened.
TEST(WidenFloat16, Bfloat16IsWidenedBehindTheSameInterface) {
  OnnxBuilder b;
  b.input("x", {2, 3, 6, 6}, kBfloat);
  b.input("h", {2, 4, 4, 4}, kHalf);
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  auto& weight = *b.graph().mutable_initializer(0);
  const Tensor narrow = to_bfloat(graph::read_constant(weight));
  weight = graph::make_constant("w", narrow);
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Cast", {"h"}, {"hb"}).integer("to", kBfloat);
  b.node("Add", {"c", "hb"}, {"y"});
  b.output("y", {2, 4, 4, 4}, kBfloat);
  const auto interface = test_support::interface_of(b.model());
  OnnxBuilder real;
  real.input("x", {2, 3, 6, 6});
  real.input("h", {2, 4, 4, 4});
  *real.graph().add_initializer() = graph::make_constant("w", narrow.to_float32());
  real.node("Conv", {"x", "w"}, {"c"});
  real.node("Add", {"c", "h"}, {"y"});
  real.output("y", {2, 4, 4, 4});
  EXPECT_TRUE(widen_float16(b.model()));
  EXPECT_EQ(test_support::interface_of(b.model()), interface);
  const auto sample = random_sample(real.model(), 3);
  const Tensor expected = test_support::run(real.model(), sample).at("y");
  const Tensor found = test_support::run(b.model(), {{"x", to_bfloat(sample.at("x"))},
                                                     {"h", to_half(sample.at("h"))}})
                           .at("y");
  EXPECT_EQ(found.type(), ElementType::kBfloat16);
  EXPECT_GE(test_support::sqnr_db(expected, found.to_float32()), 40);
}

/// A function that is told the type to convert to, by an attribute of its own name, and another
/// one that hands it on.
TEST(WidenFloat16, TypesThatAreHandedToFunctionsAreWidenedToo) {
  OnnxBuilder b(15);
  b.import("local");
  b.input("x", {2, 3});
  b.node("Outer", {"x"}, {"y"}).integer("outer_type", kHalf).proto().set_domain("local");
  b.output("y", {2, 3}, kHalf);
  b.model().set_ir_version(9);
  const auto add_function = [&](const char* name, const char* attribute) {
    auto* function = b.model().add_functions();
    function->set_name(name);
    function->set_domain("local");
    function->add_attribute(attribute);
    function->add_input("a");
    function->add_output("r");
    function->add_opset_import()->set_version(15);
    auto* local = function->add_opset_import();
    local->set_domain("local");
    local->set_version(1);
    auto* node = function->add_node();
    node->add_input("a");
    node->add_output("r");
    return node;
  };
  const auto refer = [](onnx::NodeProto& node, const char* name, const char* to) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_ref_attr_name(to);
  };
  auto* outer = add_function("Outer", "outer_type");
  outer->set_op_type("Inner");
  outer->set_domain("local");
  refer(*outer, "inner_type", "outer_type");
  auto* inner = add_function("Inner", "inner_type");
  inner->set_op_type("Cast");
  refer(*inner, "to", "inner_type");
  EXPECT_TRUE(widen_float16(b.model()));
  EXPECT_EQ(b.graph().node(0).attribute(0).i(), onnx::TensorProto::FLOAT);
  EXPECT_EQ(test_support::run(b.model(), random_sample(b.model(), 1)).at("y").type(),
            ElementType::kFloat16);
}

TEST(WidenFloat16, NamesOfCastsAreFree) {
  OnnxBuilder b;
  b.input("x", {2}, kHalf);
  b.node("Neg", {"x"}, {"y"}).proto().set_name("y_Cast");
  b.output("y", {2}, kHalf);
  EXPECT_TRUE(widen_float16(b.model()));
  std::set<std::string> names;
  for (const auto& node : b.graph().node()) EXPECT_TRUE(names.insert(node.name()).second);
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
