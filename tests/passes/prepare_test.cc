#include "passes/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "support/quantization_checks.h"

namespace rangefinder::passes {
namespace {

using test_support::check_quantization;
using test_support::OnnxBuilder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> op_types(const onnx::ModelProto& model) {
  std::vector<std::string> types;
  for (const auto& node : model.graph().node()) types.push_back(node.op_type());
  return types;
}

/// Conv, BatchNormalization, Relu.
OnnxBuilder normalized(int64_t opset) {
  OnnxBuilder b(opset);
  b.input("x", {-1, 3, 6, 6});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  b.node("Conv", {"x", "w"}, {"c"});
  b.weights("scale", {4});
  b.weights("shift", {4}, 0.5f);
  b.weights("mean", {4}, 0.1f);
  b.initializer("var", {4}, std::vector<float>{0.5f, 1, 2, 0.1f});
  b.node("BatchNormalization", {"c", "scale", "shift", "mean", "var"}, {"n"});
  b.node("Relu", {"n"}, {"y"});
  b.output("y", {-1, 4, 4, 4});
  return b;
}

TEST(Prepare, FoldsBatchNormalizationInEverySet) {
  for (const int64_t opset : {7, 8, 9, 10, 11, 12, 13, 15, 17, 19, 21, 23}) {
    SCOPED_TRACE(opset);
    OnnxBuilder b = normalized(opset);
    const auto quantized = check_quantization(b.model(), {{"QLinearConv", 1}, {"Relu", 0}}, 30);
    EXPECT_THAT(op_types(quantized.prepared.model), ElementsAre("Conv", "Relu"));
    EXPECT_EQ(graph::opset_version(quantized.prepared.model), std::max<int64_t>(opset, 13));
    EXPECT_EQ(quantized.prepared.kept_opset_because, "");
  }
}

TEST(Prepare, TheSameFileGivesTheSameBytes) {
  OnnxBuilder b = normalized(11);
  const PreparedModel first = test_support::prepare(b.model());
  const PreparedModel second = test_support::prepare(b.model());
  EXPECT_EQ(graph::serialize(first.model), graph::serialize(second.model));
  EXPECT_EQ(first.fingerprint.get(), second.fingerprint.get());
  b.graph().mutable_initializer(0)->set_float_data(0, 9);
  EXPECT_NE(test_support::prepare(b.model()).fingerprint.get(), first.fingerprint.get());
}

TEST(Prepare, OldModelsWithManyOldOperators) {
  OnnxBuilder b(9);
  b.input("x", {-1, 3, -1, -1});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  b.node("Conv", {"x", "w"}, {"c"}).ints("pads", {1, 1, 1, 1});
  b.node("Clip", {"c"}, {"r"}).real("min", 0).real("max", 6);
  b.node("Dropout", {"r"}, {"d", "mask"});
  b.initializer("scales", {4}, std::vector<float>{1, 1, 2, 2});
  b.node("Upsample", {"d", "scales"}, {"u"});
  b.node("GlobalAveragePool", {"u"}, {"g"});
  b.node("Squeeze", {"g"}, {"s"}).ints("axes", {2, 3});
  b.weights("f", {4, 5});
  b.weights("fb", {5});
  b.node("Gemm", {"s", "f", "fb"}, {"logits"});
  b.node("Softmax", {"logits"}, {"y"});
  b.output("y", {-1, 5});
  const auto quantized = check_quantization(b.model(), {{"QLinearConv", 1}, {"QGemm", 1}});
  EXPECT_EQ(graph::opset_version(quantized.model), 13);
}

TEST(Prepare, SoftmaxOverSeveralAxesOfADynamicTensor) {
  OnnxBuilder b(11);
  b.input("x", {-1, 3, -1, -1});
  b.weights("w", {4, 3, 1, 1}, 0.5f);
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Softmax", {"c"}, {"y"});  // axis 1: over channels, rows and columns
  b.output("y", {-1, 4, -1, -1});
  check_quantization(b.model(), {{"QLinearConv", 1}}, 20);
}

/// Set 10 and 12 have quantized operators but no axis: com.microsoft's are used instead.
TEST(Prepare, AModelThatCannotBeUpgradedIsQuantizedAllTheSame) {
  OnnxBuilder b(10);
  b.input("x", {-1, 3, 8, 8});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  b.weights("bias", {4}, 0.5f);
  b.node("Conv", {"x", "w", "bias"}, {"c"});
  b.initializer("scales", {4}, std::vector<float>{1, 1, 0.5f, 0.5f});
  b.node("Resize", {"c", "scales"}, {"y"});
  b.output("y", {-1, 4, 3, 3});
  const auto quantized = check_quantization(b.model(), {{"QLinearConv", 1}}, 30);
  EXPECT_THAT(quantized.prepared.kept_opset_because,
              AllOf(HasSubstr("'Resize_y'"), HasSubstr("shrink")));
  EXPECT_EQ(graph::opset_version(quantized.model), 10);
}

TEST(Prepare, WhatCannotBeUpgradedFromSet9IsRefused) {
  OnnxBuilder b(8);
  b.input("x", {2, 3});
  b.node("Dropout", {"x"}, {"y", "mask"});
  b.output("y", {2, 3});
  b.output("mask", {2, 3});
  try {
    test_support::prepare(b.model());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("operator set 8"), HasSubstr("mask")));
  }
}

TEST(Prepare, ConstantsAreFoldedIntoInitializers) {
  OnnxBuilder b(13);
  b.input("x", {-1, 4});
  b.node("Constant", {}, {"k"})
      .tensor("value", OnnxBuilder::float_tensor("", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}));
  b.node("Neg", {"k"}, {"w"});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y", {-1, 2});
  const auto prepared = test_support::prepare(b.model());
  EXPECT_THAT(op_types(prepared.model), ElementsAre("MatMul"));
  EXPECT_EQ(prepared.model.graph().initializer_size(), 1);
}

TEST(Prepare, InputsWithAValueBecomeConstants) {
  OnnxBuilder b(13);
  b.input("x", {-1, 4});
  b.input("w", {4, 2});
  b.weights("w", {4, 2});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y", {-1, 2});
  EXPECT_EQ(test_support::prepare(b.model()).model.graph().input_size(), 1);
}

TEST(Prepare, KnowsTypesAndShapesOfAllTensors) {
  OnnxBuilder b(13);
  b.input("x", {-1, 3, 6, 6});
  b.node("Relu", {"x"}, {"r"});
  b.node("Shape", {"r"}, {"s"});
  b.node("Exp", {"r"}, {"y"});
  b.output("y", {-1, 3, 6, 6});
  b.output("s", {4}, onnx::TensorProto::INT64);
  const auto infos = test_support::prepare(b.model()).infos;
  EXPECT_EQ(infos.at("r").type, tensor::ElementType::kFloat32);
  EXPECT_EQ(infos.at("r").shape, (tensor::Shape{-1, 3, 6, 6}));
  EXPECT_EQ(infos.at("s").type, tensor::ElementType::kInt64);
}

/// A model-local function: y = Relu(a * w).
TEST(Prepare, LocalFunctionsAreInlined) {
  OnnxBuilder b(15);
  b.input("x", {-1, 4});
  b.weights("w", {4, 4});
  b.node("Layer", {"x", "w"}, {"h"}).proto().set_domain("local");
  b.node("Layer", {"h", "w"}, {"y"}).proto().set_domain("local");
  b.output("y", {-1, 4});
  b.import("local");
  auto* function = b.model().add_functions();
  function->set_name("Layer");
  function->set_domain("local");
  for (const char* name : {"a", "w"}) function->add_input(name);
  function->add_output("r");
  function->add_opset_import()->set_version(15);
  for (const auto& [type, in, out] :
       {std::tuple("MatMul", "a", "m"), std::tuple("Relu", "m", "r")}) {
    auto* node = function->add_node();
    node->set_op_type(type);
    node->add_input(in);
    if (std::string(type) == "MatMul") node->add_input("w");
    node->add_output(out);
  }
  b.model().set_ir_version(9);
  const auto quantized = check_quantization(b.model(), {{"MatMul", 0}}, 25);
  EXPECT_EQ(quantized.annotation.weighted.size(), 2u);
}

TEST(Prepare, DoubleStaysFloatByName) {
  OnnxBuilder b(13);
  b.input("x", {-1, 4}, onnx::TensorProto::DOUBLE);
  auto* w = b.graph().add_initializer();
  w->set_name("w");
  w->set_data_type(onnx::TensorProto::DOUBLE);
  w->add_dims(4);
  w->add_dims(1);
  for (int i = 0; i < 4; ++i) w->add_double_data(i);
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y", {-1, 1}, onnx::TensorProto::DOUBLE);
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  const auto annotation = annotate(graph, prepared.infos, targets::find_target("ort-cpu"));
  ASSERT_EQ(annotation.left_float.size(), 1u);
  EXPECT_THAT(annotation.left_float[0].reason, HasSubstr("float64"));
}

TEST(Prepare, DamagedModelsAreErrors) {
  const engine::TemporaryFolder folder;
  const auto file = folder.path() / "damaged.onnx";
  const std::string bytes = normalized(13).bytes();
  // Bits flipped over the whole file: an Error or a model, nothing else.
  for (size_t bit = 5; bit < bytes.size() * 8; bit += 331) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    write_file(file, damaged);
    try {
      passes::prepare(file);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("damaged.onnx")) << bit;
    }
  }
  OnnxBuilder cycle(13);
  cycle.input("x", {2});
  cycle.node("Add", {"x", "b"}, {"a"});
  cycle.node("Relu", {"a"}, {"b"});
  cycle.output("b", {2});
  EXPECT_THROW(test_support::prepare(cycle.model()), Error);
  OnnxBuilder missing(13);
  missing.input("x", {2});
  missing.node("Add", {"x", "nowhere"}, {"y"});
  missing.output("y", {2});
  EXPECT_THROW(test_support::prepare(missing.model()), Error);
}

TEST(Prepare, HugeNamesAndEmptyTensors) {
  OnnxBuilder b(13);
  const std::string name(10000, 'n');
  b.input("x", {-1, 3, 8, 8});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  b.node("Conv", {"x", "w"}, {name});
  b.initializer("none", {0, 4, 6, 6}, std::vector<float>{});
  b.node("Concat", {name, "none"}, {"y"}).integer("axis", 0);
  b.output("y", {-1, 4, 6, 6});
  check_quantization(b.model(), {{"QLinearConv", 1}}, 30);
}

}  // namespace
}  // namespace rangefinder::passes
