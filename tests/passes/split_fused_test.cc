#include "passes/split_fused.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "support/quantization_checks.h"

namespace rangefinder::passes {
namespace {

using test_support::check_quantization;
using test_support::OnnxBuilder;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kMicrosoft[] = "com.microsoft";
constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr float kLargest = std::numeric_limits<float>::max();

void set_floats(OnnxBuilder::Node& node, const std::string& name,
                const std::vector<float>& values) {
  auto* attribute = node.proto().add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOATS);
  for (const float value : values) attribute->add_floats(value);
}

void set_string(OnnxBuilder::Node& node, const std::string& name, const std::string& value) {
  auto* attribute = node.proto().add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
}

OnnxBuilder::Node fused(OnnxBuilder& b, const std::string& type,
                        const std::vector<std::string>& inputs) {
  OnnxBuilder::Node node = b.node(type, inputs, {"y"});
  node.proto().set_domain(kMicrosoft);
  return node;
}

/// A FusedConv with an activation.
OnnxBuilder convolution(const std::string& activation, const std::vector<float>& parameters,
                        bool has_summand = false) {
  OnnxBuilder b;
  b.import(kMicrosoft);
  b.input("x", {2, 3, 6, 6});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  b.weights("bias", {4}, 0.5f);
  std::vector<std::string> inputs = {"x", "w", "bias"};
  if (has_summand) {
    b.input("z", {2, 4, 6, 6});
    inputs.push_back("z");
  }
  OnnxBuilder::Node node = fused(b, "FusedConv", inputs);
  node.ints("pads", {1, 1, 1, 1});
  if (!activation.empty()) set_string(node, "activation", activation);
  if (!parameters.empty()) set_floats(node, "activation_params", parameters);
  b.output("y", {2, 4, 6, 6});
  return b;
}

/// Every tensor of the models here is a float32 of known rank.
TensorInfos infos_of(const onnx::ModelProto& model) {
  TensorInfos infos;
  for (const auto* group : {&model.graph().input(), &model.graph().output()}) {
    for (const auto& info : *group) {
      const auto rank = static_cast<size_t>(info.type().tensor_type().shape().dim_size());
      infos[info.name()] = {tensor::ElementType::kFloat32, tensor::Shape(rank, -1)};
    }
  }
  return infos;
}

std::vector<std::string> op_types(const onnx::ModelProto& model) {
  std::vector<std::string> types;
  for (const auto& node : model.graph().node()) types.push_back(node.domain() + node.op_type());
  return types;
}

/// Splits, and checks that nothing of com.microsoft is left and the result is the same.
void check_split(OnnxBuilder b, double least_db = 110) {
  const onnx::ModelProto before = b.model();
  TensorInfos infos = infos_of(before);
  split_fused(b.model(), infos);
  for (const auto& node : b.graph().node()) {
    EXPECT_EQ(node.domain(), "") << node.op_type();
    EXPECT_TRUE(infos.contains(node.output(0))) << node.output(0);
  }
  const auto sample = test_support::random_sample(before, 1);
  EXPECT_GE(test_support::sqnr_db(test_support::run(before, sample).at("y"),
                                  test_support::run(b.model(), sample).at("y")),
            least_db);
}

TEST(SplitFused, ConvolutionsWithEveryActivation) {
  const std::vector<std::pair<std::string, std::vector<float>>> activations = {
      {"", {}},
      {"Relu", {}},
      {"Tanh", {}},
      {"Sigmoid", {}},
      {"LeakyRelu", {0.25f}},
      {"HardSigmoid", {0.3f, 0.4f}},
      {"Clip", {-0.5f, 1}},
      {"Clip", {0, kLargest}},
      {"Clip", {kLowest, 0.5f}},
      {"Clip", {kLowest, kLargest}}};
  for (const auto& [type, parameters] : activations) {
    SCOPED_TRACE(type);
    check_split(convolution(type, parameters), 90);
  }
}

TEST(SplitFused, ASummandComesBeforeTheActivation) {
  for (const char* type : {"", "Relu"}) check_split(convolution(type, {}, true));
}

TEST(SplitFused, ClipHasAttributesInOldOperatorSets) {
  OnnxBuilder b = convolution("Clip", {0, 6});
  b.model().mutable_opset_import(0)->set_version(10);
  check_split(b);
}

TEST(SplitFused, GemmsWithTheAttributesOfTheirActivation) {
  for (const char* type : {"Relu", "LeakyRelu", "Elu", "HardSigmoid", "Tanh"}) {
    SCOPED_TRACE(type);
    OnnxBuilder b;
    b.import(kMicrosoft);
    b.input("x", {6, 4});
    b.weights("w", {5, 6}, 0.5f);
    b.weights("c", {5}, 0.5f);
    OnnxBuilder::Node node = fused(b, "FusedGemm", {"x", "w", "c"});
    node.integer("transA", 1).integer("transB", 1).real("alpha", 0.5f).real("beta", 2);
    set_string(node, "activation", type);
    const bool is_plain = std::string(type) == "Relu" || std::string(type) == "Tanh";
    if (!is_plain) node.real("activation_alpha", 0.3f);
    if (std::string(type) == "HardSigmoid") node.real("activation_beta", 0.4f);
    b.output("y", {4, 5});
    check_split(b, 90);
  }
}

TEST(SplitFused, ProductsWithTransposedFactors) {
  struct Case {
    std::vector<int64_t> left, right;
    std::vector<std::string> flags;
  };
  const std::vector<Case> cases = {{{3, 2, 4}, {2, 4, 5}, {"transBatchA"}},
                                   {{4, 2, 3}, {2, 4, 5}, {"transBatchA", "transA"}},
                                   {{2, 3, 4}, {5, 2, 4}, {"transBatchB", "transB"}},
                                   {{2, 7, 3, 4}, {4, 5}, {}},
                                   {{2, 4, 3}, {5, 4}, {"transA", "transB"}},
                                   {{4}, {4, 5}, {"transA"}}};
  for (const auto& [left, right, flags] : cases) {
    for (const bool constant : {false, true}) {
      SCOPED_TRACE(testing::PrintToString(left) + testing::PrintToString(flags));
      OnnxBuilder b;
      b.import(kMicrosoft);
      b.input("x", left);
      constant ? b.weights("w", right, 0.5f) : b.input("w", right);
      OnnxBuilder::Node node = fused(b, "FusedMatMul", {"x", "w"});
      for (const auto& flag : flags) node.integer(flag, 1);
      node.real("alpha", 0.125f);
      const std::vector<int64_t> open(left.size() == 1 ? 1 : std::max(left.size(), right.size()),
                                      -1);
      b.output("y", open);
      check_split(b);
    }
  }
}

TEST(SplitFused, WhatIsSplitBecomesInteger) {
  OnnxBuilder b = convolution("Relu", {}, true);
  const auto quantized = check_quantization(b.model(), {{"QLinearConv", 1}, {"FusedConv", 0}}, 25);
  EXPECT_THAT(quantized.annotation.left_float, IsEmpty());
  EXPECT_EQ(quantized.annotation.weighted[0].name, "FusedConv_y") << "the node's own name";
  for (const auto& opset : quantized.model.opset_import()) EXPECT_NE(opset.domain(), kMicrosoft);
}

TEST(SplitFused, WhatIsNotKnownStaysAndSaysWhy) {
  OnnxBuilder b = convolution("Mish", {});
  const auto before = op_types(b.model());
  TensorInfos infos = infos_of(b.model());
  split_fused(b.model(), infos);
  EXPECT_EQ(op_types(b.model()), before);
  graph::Graph graph(b.model());
  const auto annotation = annotate(graph, infos, targets::find_target("ort-cpu"));
  ASSERT_EQ(annotation.left_float.size(), 1u);
  EXPECT_EQ(annotation.left_float[0].op_type, "FusedConv");
  EXPECT_THAT(annotation.left_float[0].reason, HasSubstr("fused"));
  onnx::NodeProto gelu;
  gelu.set_op_type("BiasGelu");
  gelu.set_domain(kMicrosoft);
  EXPECT_EQ(fused_obstacle(gelu), "");
}

TEST(SplitFused, TheBlockedLayoutIsRefusedByName) {
  OnnxBuilder b = convolution("Relu", {});
  EXPECT_NO_THROW(refuse_blocked_layout(b.model(), "net.onnx"));
  auto& reorder = *b.graph().add_node();
  reorder.set_op_type("ReorderInput");
  reorder.set_name("reorder");
  reorder.set_domain("com.microsoft.nchwc");
  try {
    refuse_blocked_layout(b.model(), "net.onnx");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("net.onnx"), HasSubstr("'reorder'"), HasSubstr("ReorderInput")));
  }
}

}  // namespace
}  // namespace rangefinder::passes
