#include "graph/opset_upgrade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "engine/session.h"
#include "graph/attributes.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::AllOf;
using testing::HasSubstr;

using Ranks = std::map<std::string, int64_t>;

RankLookup lookup(const Ranks& ranks) {
  return [&ranks](const std::string& name) -> std::optional<int64_t> {
    const auto found = ranks.find(name);
    return found == ranks.end() ? std::nullopt : std::optional(found->second);
  };
}

Tensor random_tensor(const tensor::Shape& shape) {
  std::mt19937 generator(11);
  std::normal_distribution<float> normal;
  Tensor value(tensor::ElementType::kFloat32, shape);
  for (float& x : value.floats()) x = normal(generator);
  return value;
}

/// Nothing optimized: the operators of the model's own set run.
tensor::NamedTensors run(const onnx::ModelProto& model, const tensor::NamedTensors& sample) {
  engine::Session session(engine::ModelSource(serialize(model), ""),
                          {.optimization = engine::OptimizationLevel::kNone});
  return session.run(sample);
}

/// Upgrades the model and compares all outputs on a random x of that shape.
void expect_same(const OnnxBuilder& b, const tensor::Shape& shape, const Ranks& ranks = {},
                 tensor::NamedTensors sample = {}) {
  const onnx::ModelProto old = OnnxBuilder(b).model();
  onnx::ModelProto model = old;
  ASSERT_EQ(upgrade_opset(model, lookup(ranks)), std::nullopt);
  EXPECT_EQ(opset_version(model), kAxisOpset);
  sample["x"] = random_tensor(shape);
  const auto before = run(old, sample);
  const auto after = run(model, sample);
  ASSERT_EQ(before.size(), after.size());
  for (const auto& [name, value] : before) {
    const Tensor& other = after.at(name);
    ASSERT_EQ(other.shape(), value.shape()) << name;
    ASSERT_EQ(other.type(), value.type()) << name;
    if (value.type() != tensor::ElementType::kFloat32) {
      EXPECT_EQ(other, value) << name;
      continue;
    }
    for (size_t i = 0; i < value.element_count(); ++i) {
      ASSERT_FLOAT_EQ(other.floats()[i], value.floats()[i]) << name << " " << i;
    }
  }
}

OnnxBuilder model_of(int64_t opset, size_t rank) {
  OnnxBuilder b(opset);
  b.input("x", std::vector<int64_t>(rank, -1));
  return b;
}

void out(OnnxBuilder& b, const std::string& name, size_t rank) {
  b.output(name, std::vector<int64_t>(rank, -1));
}

void set_floats(onnx::NodeProto& node, const std::string& name, const std::vector<float>& values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOATS);
  for (const float value : values) attribute->add_floats(value);
}

TEST(UpgradeOpset, ANewModelStaysAsItIs) {
  for (const int64_t version : {13, 17, 22}) {
    OnnxBuilder b = model_of(version, 2);
    b.node("Softmax", {"x"}, {"y"}).integer("axis", 0);
    onnx::ModelProto model = b.model();
    EXPECT_EQ(upgrade_opset(model, lookup({})), std::nullopt);
    EXPECT_EQ(serialize(model), serialize(b.model()));
  }
}

TEST(UpgradeOpset, AttributesBecomeInputs) {
  OnnxBuilder b = model_of(9, 3);
  b.node("Clip", {"x"}, {"clip"}).real("min", -0.5f).real("max", 0.5f);
  b.node("Clip", {"x"}, {"from"}).real("min", 0);
  b.node("Clip", {"x"}, {"to"}).real("max", 0);
  b.node("Pad", {"x"}, {"padded"}).ints("pads", {0, 1, 0, 0, 0, 2}).real("value", 3);
  set_attribute(b.node("Pad", {"x"}, {"edge"}).ints("pads", {0, 1, 0, 0, 0, 2}).proto(), "mode",
                std::string_view("reflect"));
  b.node("Slice", {"x"}, {"slice"})
      .ints("starts", {1, 0})
      .ints("ends", {3, -1})
      .ints("axes", {1, 2});
  b.node("Slice", {"x"}, {"head"}).ints("starts", {0}).ints("ends", {1});
  b.node("TopK", {"x"}, {"top", "which"}).integer("k", 2).integer("axis", 1);
  b.node("Unsqueeze", {"x"}, {"wide"}).ints("axes", {0, 2});
  b.node("Squeeze", {"wide"}, {"narrow"}).ints("axes", {0});
  b.node("Squeeze", {"wide"}, {"all"});
  b.node("ReduceSum", {"x"}, {"sum"}).ints("axes", {1}).integer("keepdims", 0);
  b.node("ReduceSum", {"x"}, {"total"});
  b.node("Split", {"x"}, {"left", "right"}).ints("split", {1, 3}).integer("axis", 1);
  b.node("Split", {"x"}, {"half1", "half2"}).integer("axis", 1);
  for (const std::string name : {"clip", "from", "to", "padded", "edge", "slice", "head", "top",
                                 "left", "right", "half1", "half2", "total", "all"}) {
    out(b, name, 3);
  }
  b.output("which", {-1, -1, -1}, onnx::TensorProto::INT64);
  out(b, "wide", 5);
  out(b, "narrow", 4);
  out(b, "sum", 2);
  expect_same(b, {2, 4, 5});
}

TEST(UpgradeOpset, NewNamesAreFree) {
  OnnxBuilder b = model_of(9, 2);
  b.initializer("y_min", {}, std::vector<float>{9});
  b.node("Clip", {"x"}, {"y"}).real("min", 0).real("max", 1);
  b.node("Mul", {"x", "y_min"}, {"y_max"});
  out(b, "y", 2);
  out(b, "y_max", 2);
  expect_same(b, {2, 3});
}

TEST(UpgradeOpset, SoftmaxKeepsItsFlattenedMeaning) {
  for (const std::string type : {"Softmax", "LogSoftmax", "Hardmax"}) {
    for (const int64_t opset : {7, 11, 12}) {
      for (int64_t axis = opset < 11 ? 0 : -3; axis < 3; ++axis) {
        for (const Ranks& ranks : {Ranks{}, Ranks{{"x", 3}}}) {
          SCOPED_TRACE(type + " " + std::to_string(opset) + " axis " + std::to_string(axis));
          OnnxBuilder b = model_of(opset, 3);
          b.node(type, {"x"}, {"y"}).integer("axis", axis);
          out(b, "y", 3);
          expect_same(b, {2, 3, 4}, ranks);
        }
      }
      OnnxBuilder b = model_of(opset, 4);
      b.node(type, {"x"}, {"y"});  // axis 1
      out(b, "y", 4);
      expect_same(b, {2, 3, 2, 2});
    }
  }
}

TEST(UpgradeOpset, SoftmaxOverTheLastAxisNeedsNoReshape) {
  OnnxBuilder b = model_of(11, 2);
  b.node("Softmax", {"x"}, {"y"});
  out(b, "y", 2);
  onnx::ModelProto model = b.model();
  EXPECT_EQ(upgrade_opset(model, lookup({{"x", 2}})), std::nullopt);
  EXPECT_EQ(model.graph().node_size(), 1);
  EXPECT_EQ(int_attribute(model.graph().node(0), "axis", 9), -1);
}

TEST(UpgradeOpset, ConvertedSoftmaxWorksOnZeroElements) {
  OnnxBuilder b = model_of(11, 3);
  b.node("Softmax", {"x"}, {"y"});
  out(b, "y", 3);
  expect_same(b, {0, 3, 4});
}

TEST(UpgradeOpset, UpsampleAndTheFirstResize) {
  for (const std::string mode : {"nearest", "linear"}) {
    for (const float factor : {1.5f, 2.0f, 3.0f}) {
      SCOPED_TRACE(mode + " " + std::to_string(factor));
      OnnxBuilder seven = model_of(7, 4);
      auto& node = seven.node("Upsample", {"x"}, {"y"}).proto();
      set_attribute(node, "mode", std::string_view(mode));
      set_floats(node, "scales", {1, 1, factor, 2});
      out(seven, "y", 4);
      expect_same(seven, {1, 2, 3, 4});
      for (const auto& [opset, type] : {std::pair(9, "Upsample"), std::pair(10, "Resize")}) {
        OnnxBuilder b = model_of(opset, 4);
        b.initializer("scales", {4}, std::vector<float>{1, 1, factor, 2});
        set_attribute(b.node(type, {"x", "scales"}, {"y"}).proto(), "mode", std::string_view(mode));
        out(b, "y", 4);
        expect_same(b, {1, 2, 3, 4});
      }
    }
  }
}

TEST(UpgradeOpset, LinearResizeMayShrinkNearestMayNot) {
  for (const std::string mode : {"linear", "nearest"}) {
    OnnxBuilder b = model_of(10, 4);
    b.initializer("scales", {4}, std::vector<float>{1, 1, 0.5f, 0.6f});
    set_attribute(b.node("Resize", {"x", "scales"}, {"y"}).proto(), "mode", std::string_view(mode));
    out(b, "y", 4);
    if (mode == "linear") {
      expect_same(b, {1, 2, 6, 7});
      continue;
    }
    onnx::ModelProto model = b.model();
    EXPECT_THAT(upgrade_opset(model, lookup({})).value_or(""),
                AllOf(HasSubstr("'Resize_y'"), HasSubstr("shrink")));
    EXPECT_EQ(serialize(model), serialize(b.model())) << "a refused model stays as it is";
  }
}

TEST(UpgradeOpset, DropoutIsNothingUnlessItsMaskIsRead) {
  OnnxBuilder b = model_of(7, 2);
  b.node("Dropout", {"x"}, {"d"}).real("ratio", 0.3f);
  b.node("Dropout", {"d"}, {"y", "mask"});
  out(b, "y", 2);
  expect_same(b, {2, 3});
  out(b, "mask", 2);
  EXPECT_THAT(upgrade_opset(b.model(), lookup({})).value_or(""),
              AllOf(HasSubstr("'Dropout_y'"), HasSubstr("mask")));
}

TEST(UpgradeOpset, BatchNormalizationLosesSpatial) {
  for (const int64_t spatial : {1, 0}) {
    OnnxBuilder b = model_of(7, 3);
    for (const std::string name : {"scale", "bias", "mean"}) b.weights(name, {2});
    b.initializer("var", {2}, std::vector<float>{0.5f, 2});
    b.node("BatchNormalization", {"x", "scale", "bias", "mean", "var"}, {"y"})
        .integer("spatial", spatial);
    out(b, "y", 3);
    if (spatial) {
      expect_same(b, {1, 2, 3});
    } else {
      EXPECT_THAT(upgrade_opset(b.model(), lookup({})).value_or(""), HasSubstr("not spatial"));
    }
  }
}

TEST(UpgradeOpset, ScatterIsCalledScatterElements) {
  OnnxBuilder b = model_of(9, 2);
  b.initializer("where", {1, 2}, std::vector<int64_t>{1, 0});
  b.initializer("what", {1, 2}, std::vector<float>{7, 8});
  b.node("Scatter", {"x", "where", "what"}, {"y"}).integer("axis", 1);
  out(b, "y", 2);
  expect_same(b, {2, 3});
}

/// A branch of If: Softmax over several axes of the outer x, then Clip and Squeeze.
onnx::GraphProto old_branch(int64_t axis) {
  OnnxBuilder body;
  body.node("Softmax", {"x"}, {"soft"}).integer("axis", axis);
  body.node("Clip", {"soft"}, {"clip"}).real("max", 0.2f);
  body.node("Unsqueeze", {"clip"}, {"branch"}).ints("axes", {0});
  body.output("branch", {-1, -1, -1, -1});
  return body.graph();
}

TEST(UpgradeOpset, BodiesAreRewrittenToo) {
  OnnxBuilder b = model_of(10, 3);
  b.input("condition", {}, onnx::TensorProto::BOOL);
  b.node("If", {"condition"}, {"y"})
      .graph("then_branch", old_branch(1))
      .graph("else_branch", old_branch(2));
  out(b, "y", 4);
  for (const std::byte value : {std::byte{0}, std::byte{1}}) {
    Tensor condition(tensor::ElementType::kBool, {});
    condition.bytes()[0] = value;
    expect_same(b, {2, 3, 4}, {}, {{"condition", condition}});
  }
}

TEST(UpgradeOpset, LoopBodies) {
  OnnxBuilder body(10);
  body.input("i", {}, onnx::TensorProto::INT64);
  body.input("go", {}, onnx::TensorProto::BOOL);
  body.input("carried", {-1, -1, -1});
  body.node("Identity", {"go"}, {"go_on"});
  body.node("Softmax", {"carried"}, {"next"}).integer("axis", 1);
  body.output("go_on", {}, onnx::TensorProto::BOOL);
  body.output("next", {-1, -1, -1});
  OnnxBuilder b = model_of(10, 3);
  b.initializer("times", {}, std::vector<int64_t>{2});
  b.node("Loop", {"times", "", "x"}, {"y"}).graph("body", body.graph());
  out(b, "y", 3);
  expect_same(b, {2, 3, 4});
}

TEST(UpgradeOpset, WhatItCannotDoIsRefusedByName) {
  const auto reason = [](OnnxBuilder b) {
    return upgrade_opset(b.model(), lookup({})).value_or("");
  };
  OnnxBuilder old(6);
  old.node("Relu", {"x"}, {"y"});
  EXPECT_THAT(reason(old), HasSubstr("operator set 6 is older than 7"));
  OnnxBuilder scan(8);
  scan.node("Scan", {"x"}, {"y"}).proto().set_name("");
  EXPECT_THAT(reason(scan), AllOf(HasSubstr("'y'"), HasSubstr("Scan")));
  OnnxBuilder bare(8);
  bare.node("Clip", {"x"}, {"y"}).proto().clear_output();
  EXPECT_THAT(reason(bare), AllOf(HasSubstr("'Clip_y'"), HasSubstr("no inputs or outputs")));
  OnnxBuilder factorless(8);
  factorless.node("Upsample", {"x"}, {"y"});
  EXPECT_THAT(reason(factorless), HasSubstr("no scales"));
}

TEST(UpgradeOpset, OtherDomainsKeepTheirOperators) {
  OnnxBuilder b = model_of(9, 2);
  b.import("com.example", 3);
  b.node("Clip", {"x"}, {"y"}).real("min", 1).proto().set_domain("com.example");
  onnx::ModelProto model = b.model();
  EXPECT_EQ(upgrade_opset(model, lookup({})), std::nullopt);
  EXPECT_EQ(float_attribute(model.graph().node(0), "min", 0), 1);
  EXPECT_EQ(model.opset_import(1).version(), 3);
}

}  // namespace
}  // namespace rangefinder::graph
