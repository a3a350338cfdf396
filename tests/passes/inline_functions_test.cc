#include "passes/inline_functions.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "engine/session.h"
#include "graph/attributes.h"
#include "graph/graph.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

onnx::FunctionProto& add_function(onnx::ModelProto& model, const std::string& name,
                                  const std::vector<std::string>& inputs,
                                  const std::vector<std::string>& outputs, int64_t opset = 13) {
  onnx::FunctionProto& function = *model.add_functions();
  function.set_domain("my");
  function.set_name(name);
  for (const auto& input : inputs) function.add_input(input);
  for (const auto& output : outputs) function.add_output(output);
  function.add_opset_import()->set_version(opset);
  auto* own = function.add_opset_import();
  own->set_domain("my");
  own->set_version(1);
  return function;
}

onnx::NodeProto& add_node(onnx::FunctionProto& function, const std::string& type,
                          const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs, const std::string& domain = "") {
  onnx::NodeProto& node = *function.add_node();
  node.set_op_type(type);
  node.set_domain(domain);
  for (const auto& input : inputs) node.add_input(input);
  for (const auto& output : outputs) node.add_output(output);
  return node;
}

/// y = x w + b.
void add_linear(onnx::ModelProto& model, int64_t opset = 13) {
  auto& function = add_function(model, "Linear", {"x", "w", "b"}, {"y"}, opset);
  add_node(function, "MatMul", {"x", "w"}, {"m"});
  add_node(function, "Add", {"m", "b"}, {"y"}).set_name("bias");
}

onnx::NodeProto& call(OnnxBuilder& b, const std::string& function, const std::string& name,
                      const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs) {
  onnx::NodeProto& node = b.node(function, inputs, outputs).proto();
  node.set_domain("my");
  node.set_name(name);
  return node;
}

/// x - fc1 - fc2 - y, both calls of Linear.
OnnxBuilder two_calls() {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 4});
  b.weights("a", {4, 4});
  b.weights("c", {4, 3});
  b.weights("bias_a", {4});
  b.weights("bias_c", {3});
  call(b, "Linear", "fc1", {"x", "a", "bias_a"}, {"h"});
  call(b, "Linear", "fc2", {"h", "c", "bias_c"}, {"y"});
  b.output("y", {-1, 3});
  add_linear(b.model());
  return b;
}

std::vector<std::string> node_names(const onnx::ModelProto& model) {
  std::vector<std::string> names;
  for (const auto& node : model.graph().node()) names.push_back(node.name());
  return names;
}

std::vector<float> outputs_of(const onnx::ModelProto& model, const tensor::Tensor& x) {
  engine::Session session(engine::ModelSource(graph::serialize(model), ""));
  const auto outputs = session.run({{"x", x}});
  const auto floats = outputs.at("y").floats();
  return {floats.begin(), floats.end()};
}

void expect_same_results(const onnx::ModelProto& before, const onnx::ModelProto& after) {
  const auto x = tensor::Tensor::from_floats({2, 4}, std::vector<float>{1, -2, 3, 0, 4, 5, -6, 1});
  EXPECT_EQ(outputs_of(before, x), outputs_of(after, x));
}

TEST(InlineFunctions, TheOnlyMatrixOfACallHasItsName) {
  OnnxBuilder b = two_calls();
  const onnx::ModelProto before = b.model();
  EXPECT_TRUE(inline_functions(b.model()));
  EXPECT_THAT(node_names(b.model()), ElementsAre("fc1", "fc1/bias", "fc2", "fc2/bias"));
  EXPECT_EQ(b.graph().node(1).output(0), "h");
  EXPECT_EQ(b.graph().node(1).input(0), b.graph().node(0).output(0));
  EXPECT_TRUE(b.model().functions().empty());
  ASSERT_EQ(b.model().opset_import_size(), 1);
  EXPECT_EQ(b.model().opset_import(0).domain(), "");
  expect_same_results(before, b.model());
}

TEST(InlineFunctions, SeveralMatricesAreNamedWithinTheirCall) {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 4});
  b.weights("a", {4, 4});
  b.weights("zero", {4});
  call(b, "Block", "block", {"x", "a", "zero"}, {"y"});
  b.output("y", {-1, 4});
  add_linear(b.model());
  auto& block = add_function(b.model(), "Block", {"x", "w", "b"}, {"y"});
  add_node(block, "Linear", {"x", "w", "b"}, {"h"}, "my").set_name("first");
  add_node(block, "Linear", {"h", "w", "b"}, {"g"}, "my");
  add_node(block, "Linear", {"g", "w", "b"}, {"y"}, "my");
  const onnx::ModelProto before = b.model();
  EXPECT_TRUE(inline_functions(b.model()));
  EXPECT_THAT(node_names(b.model()),
              ElementsAre("block/first", "block/first/bias", "block/Linear", "block/Linear/bias",
                          "block/Linear_1", "block/Linear_1/bias"));
  expect_same_results(before, b.model());
}

TEST(InlineFunctions, AttributesComeFromTheCallOrTheFunction) {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 4});
  onnx::NodeProto& given = call(b, "Sharp", "given", {"x"}, {"h"});
  graph::set_attribute(given, "slope", 0.25f);
  call(b, "Sharp", "left_out", {"h"}, {"y"});
  b.output("y", {-1, 4});
  auto& sharp = add_function(b.model(), "Sharp", {"x"}, {"y"});
  sharp.add_attribute("slope");
  auto* slope = add_node(sharp, "LeakyRelu", {"x"}, {"y"}).add_attribute();
  slope->set_name("alpha");
  slope->set_ref_attr_name("slope");
  slope->set_type(onnx::AttributeProto::FLOAT);
  EXPECT_TRUE(inline_functions(b.model()));
  EXPECT_EQ(graph::float_attribute(b.graph().node(0), "alpha", 9), 0.25f);
  EXPECT_EQ(graph::find_attribute(b.graph().node(1), "alpha"), nullptr);
}

// FunctionProto.attribute_proto is younger than the messages that this is built with.
TEST(InlineFunctions, KnowsDefaultsOfNewerModels) {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 4});
  call(b, "Sharp", "left_out", {"x"}, {"y"});
  b.output("y", {-1, 4});
  auto& sharp = add_function(b.model(), "Sharp", {"x"}, {"y"});
  auto* slope = add_node(sharp, "LeakyRelu", {"x"}, {"y"}).add_attribute();
  slope->set_name("alpha");
  slope->set_ref_attr_name("slope");
  slope->set_type(onnx::AttributeProto::FLOAT);
  onnx::AttributeProto preset;
  preset.set_name("slope");
  preset.set_type(onnx::AttributeProto::FLOAT);
  preset.set_f(0.125f);
  const std::string bytes = preset.SerializeAsString();
  const std::string field = std::string("\x5a") + static_cast<char>(bytes.size()) + bytes;
  ASSERT_TRUE(sharp.ParseFromString(sharp.SerializeAsString() + field));
  EXPECT_TRUE(inline_functions(b.model()));
  EXPECT_EQ(graph::float_attribute(b.graph().node(0), "alpha", 9), 0.125f);
}

TEST(InlineFunctions, PassesThroughWhatAFunctionPassesThrough) {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 4});
  call(b, "Same", "same", {"x"}, {"y"});
  b.output("y", {-1, 4});
  add_function(b.model(), "Same", {"t"}, {"t"});
  EXPECT_TRUE(inline_functions(b.model()));
  ASSERT_EQ(b.graph().node_size(), 1);
  EXPECT_EQ(b.graph().node(0).op_type(), "Identity");
  EXPECT_EQ(b.graph().node(0).input(0), "x");
  EXPECT_EQ(b.graph().node(0).output(0), "y");
}

TEST(InlineFunctions, OptionalInputsThatAreLeftOutAreCutOff) {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 4});
  b.weights("w", {4, 3});
  call(b, "Dense", "dense", {"x", "w"}, {"y"});
  b.output("y", {-1, 3});
  auto& dense = add_function(b.model(), "Dense", {"x", "w", "b"}, {"y"});
  add_node(dense, "Gemm", {"x", "w", "b"}, {"y"});
  EXPECT_TRUE(inline_functions(b.model()));
  EXPECT_THAT(node_names(b.model()), ElementsAre("dense"));
  EXPECT_EQ(b.graph().node(0).input_size(), 2);
}

TEST(InlineFunctions, ReachesIntoBodies) {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 4});
  b.input("which", {}, onnx::TensorProto::BOOL);
  b.weights("a", {4, 4});
  b.weights("bias", {4});
  OnnxBuilder branch;
  call(branch, "Linear", "inner", {"x", "a", "bias"}, {"branch_y"});
  branch.output("branch_y", {-1, 4});
  b.node("If", {"which"}, {"y"})
      .graph("then_branch", branch.graph())
      .graph("else_branch", branch.graph());
  b.output("y", {-1, 4});
  add_linear(b.model());
  EXPECT_TRUE(inline_functions(b.model()));
  const auto& body = b.graph().node(0).attribute(0).g();
  ASSERT_EQ(body.node_size(), 2);
  EXPECT_EQ(body.node(0).name(), "inner");
  EXPECT_EQ(body.node(1).output(0), "branch_y");
  EXPECT_NO_THROW(engine::Session(engine::ModelSource(b.bytes(), "")));
}

TEST(InlineFunctions, NamesOfItsOwnMeetNoOthers) {
  OnnxBuilder b = two_calls();
  // The name that the product of the first call would get.
  b.node("Relu", {"x"}, {"fc1/m"});
  const onnx::ModelProto before = b.model();
  EXPECT_TRUE(inline_functions(b.model()));
  expect_same_results(before, b.model());
}

TEST(InlineFunctions, AFunctionOfAnotherOperatorSetStays) {
  OnnxBuilder b = two_calls();
  b.model().clear_functions();
  add_linear(b.model(), 11);
  const std::string before = b.bytes();
  EXPECT_FALSE(inline_functions(b.model()));
  EXPECT_EQ(b.bytes(), before);
}

TEST(InlineFunctions, WithoutFunctionsNothingChanges) {
  OnnxBuilder b = two_calls();
  b.model().clear_functions();
  const std::string before = b.bytes();
  EXPECT_FALSE(inline_functions(b.model()));
  EXPECT_EQ(b.bytes(), before);
}

TEST(InlineFunctions, RefusesFunctionsThatCallThemselves) {
  OnnxBuilder b = two_calls();
  b.model().clear_functions();
  auto& linear = add_function(b.model(), "Linear", {"x", "w", "b"}, {"y"});
  add_node(linear, "Linear", {"x", "w", "b"}, {"y"}, "my");
  EXPECT_THROW(inline_functions(b.model()), Error);
}

TEST(InlineFunctions, RefusesFunctionsThatDoubleWithoutEnd) {
  OnnxBuilder b;
  b.import("my");
  b.input("x", {-1, 4});
  call(b, "F40", "f", {"x"}, {"y"});
  b.output("y", {-1, 4});
  add_node(add_function(b.model(), "F0", {"x"}, {"y"}), "Relu", {"x"}, {"y"});
  for (int i = 1; i <= 40; ++i) {
    auto& function = add_function(b.model(), "F" + std::to_string(i), {"x"}, {"y"});
    add_node(function, "F" + std::to_string(i - 1), {"x"}, {"h"}, "my");
    add_node(function, "F" + std::to_string(i - 1), {"h"}, {"y"}, "my");
  }
  try {
    inline_functions(b.model());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("2 GiB"));
  }
}

}  // namespace
}  // namespace rangefinder::passes
