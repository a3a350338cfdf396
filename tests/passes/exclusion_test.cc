#include "passes/exclusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// Names of a user's: Conv, BatchNormalization, Relu, then MatMul and Add twice.
OnnxBuilder classifier() {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  for (const char* name : {"scale", "shift", "mean"}) b.weights(name, {4}, 0.5f);
  b.initializer("var", {4}, std::vector<float>{1, 1, 1, 1});
  b.weights("fc1", {4, 8});
  b.weights("fc2", {8, 5});
  b.weights("b1", {8});
  b.weights("b2", {5});
  b.initializer("one", {1}, std::vector<int64_t>{1});
  b.initializer("last", {1}, std::vector<int64_t>{-1});
  const auto add = [&](const char* type, const char* name, const std::vector<std::string>& inputs,
                       const char* output) {
    auto node = b.node(type, inputs, {output});
    node.proto().set_name(name);
    return node;
  };
  add("Conv", "layers[0]/conv", {"x", "w"}, "c");
  add("BatchNormalization", "layers[0]/bn", {"c", "scale", "shift", "mean", "var"}, "n");
  add("Relu", "layers[0]/relu", {"n"}, "r");
  add("Identity", "layers[0]/drop", {"r"}, "d");
  add("GlobalAveragePool", "pool", {"d"}, "p");
  add("Concat", "shape", {"one", "last"}, "s").integer("axis", 0);
  add("Reshape", "flatten", {"p", "s"}, "f");
  add("MatMul", "fc1/MatMul", {"f", "fc1"}, "l");
  add("Add", "fc1/Add", {"l", "b1"}, "h");
  add("MatMul", "fc2/MatMul", {"h", "fc2"}, "k");
  add("Add", "fc2/Add", {"k", "b2"}, "y");
  b.output("y", {1, 5});
  return b;
}

std::unordered_set<std::string> excluded(const std::vector<std::string>& patterns) {
  OnnxBuilder b = classifier();
  return excluded_nodes(test_support::prepare(b.model()), targets::find_target("ort-cpu"),
                        patterns);
}

std::string refusal(const std::string& pattern) {
  try {
    excluded({pattern});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(Exclusion, NamesOfTheFileStandForWhatTheirNodesBecame) {
  for (const char* name : {"layers[0]/conv", "layers[0]/bn", "c", "n", "layers[?]/b*"}) {
    EXPECT_THAT(excluded({name}), UnorderedElementsAre("layers[0]/conv")) << name;
  }
  for (const char* name : {"fc1/MatMul", "fc1/Add", "l", "h", "fc1/*"}) {
    EXPECT_THAT(excluded({name}), UnorderedElementsAre("fc1/MatMul")) << name;
  }
  for (const char* name : {"fc2/Add", "k", "y"}) {
    EXPECT_THAT(excluded({name}), UnorderedElementsAre("fc2/MatMul")) << name;
  }
  EXPECT_THAT(excluded({"pool", "fc2*"}), UnorderedElementsAre("pool", "fc2/MatMul"));
}

TEST(Exclusion, WhatABoundBoundsGoesWithIt) {
  for (const char* name : {"layers[0]/relu", "r", "layers[0]/drop", "d"}) {
    EXPECT_THAT(excluded({name}), UnorderedElementsAre("layers[0]/conv", "layers[0]/relu")) << name;
  }
}

TEST(Exclusion, APatternThatFitsNothingIsRefusedWithNearNames) {
  EXPECT_THAT(refusal("fc1/MatMull"),
              AllOf(HasSubstr("'fc1/MatMull'"), HasSubstr("did you mean 'fc1/MatMul'")));
  EXPECT_THAT(refusal("layers0/conv"), HasSubstr("'layers[0]/conv'"));
  EXPECT_THAT(refusal("[lp]ool"), HasSubstr("no node fits")) << "brackets are nothing special";
  EXPECT_THAT(refusal("shape"),
              AllOf(HasSubstr("Concat 'shape'"), HasSubstr("folded into a constant")));
}

TEST(Exclusion, ARewrittenOperatorGoesAsAWhole) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  b.node("Conv", {"x", "w"}, {"c"});
  b.initializer("three", {}, std::vector<float>{3});
  b.initializer("zero", {}, std::vector<float>{0});
  b.initializer("six", {}, std::vector<float>{6});
  b.node("Add", {"c", "three"}, {"plus"});
  b.node("Clip", {"plus", "zero", "six"}, {"clip"});
  b.node("Mul", {"c", "clip"}, {"product"});
  b.node("Div", {"product", "six"}, {"y"});
  b.output("y", {1, 4, 6, 6});
  const auto prepared = test_support::prepare(b.model());
  for (const char* name : {"Add_plus", "clip", "Mul_product", "y"}) {
    const std::vector<std::string> patterns = {name};
    EXPECT_THAT(excluded_nodes(prepared, targets::find_target("ort-cpu"), patterns),
                UnorderedElementsAre("Div_y", "Div_y_gate"))
        << name;
  }
}

TEST(Exclusion, NodesInBodiesAreFloatAlready) {
  OnnxBuilder body;
  body.weights("w", {4, 4});
  body.node("MatMul", {"x", "w"}, {"inner"});
  body.output("inner", {-1, 4});
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.input("flag", {}, onnx::TensorProto::BOOL);
  b.node("If", {"flag"}, {"y"})
      .graph("then_branch", body.graph())
      .graph("else_branch", body.graph());
  b.output("y", {-1, 4});
  const std::vector<std::string> patterns = {"MatMul_inner"};
  EXPECT_TRUE(
      excluded_nodes(test_support::prepare(b.model()), targets::find_target("ort-cpu"), patterns)
          .empty());
}

}  // namespace
}  // namespace rangefinder::passes
