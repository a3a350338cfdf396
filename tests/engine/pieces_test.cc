#include "engine/pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <map>
#include <set>
#include <string>

#include "base/error.h"
#include "engine/session.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;
using tensor::Tensor;
using test_support::OnnxBuilder;
using testing::Contains;
using testing::Not;

void codes(OnnxBuilder& b, const std::string& name, const std::vector<int64_t>& shape,
           onnx::TensorProto::DataType type) {
  auto* tensor = b.graph().add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  int64_t count = 1;
  for (const int64_t d : shape) {
    tensor->add_dims(d);
    count *= d;
  }
  for (int64_t i = 0; i < count; ++i) {
    tensor->add_int32_data(type == onnx::TensorProto::INT8 ? static_cast<int32_t>(i * 37 % 11) - 5
                                                           : 128);
  }
}

/// Convolutions in codes, every other one with a residual sum: its summand is read twice.
OnnxBuilder quantized_chain(int count) {
  OnnxBuilder b;
  b.input("x", {-1, 4, 6, 6});
  b.initializer("scale", {}, std::vector<float>{0.05f});
  codes(b, "zero", {}, onnx::TensorProto::UINT8);
  codes(b, "w", {4, 4, 1, 1}, onnx::TensorProto::INT8);
  codes(b, "w_zero", {}, onnx::TensorProto::INT8);
  const auto quantize = [&](const std::string& from, const std::string& to) {
    b.node("QuantizeLinear", {from, "scale", "zero"}, {to + "_codes"});
    b.node("DequantizeLinear", {to + "_codes", "scale", "zero"}, {to});
  };
  quantize("x", "t0");
  for (int i = 0; i < count; ++i) {
    const std::string before = "t" + std::to_string(i);
    const std::string next = "t" + std::to_string(i + 1);
    b.node("DequantizeLinear", {"w", "scale", "w_zero"}, {"w" + next});
    b.node("Conv", {before, "w" + next}, {"c" + next});
    if (i % 2 == 0) {
      quantize("c" + next, next);
      continue;
    }
    quantize("c" + next, "q" + next);
    b.node("Add", {"q" + next, before}, {"s" + next});
    quantize("s" + next, next);
  }
  b.output("t" + std::to_string(count), {-1, 4, 6, 6});
  return b;
}

CutRules small_pieces(CutRules rules, int size) {
  rules.largest_whole = 0;
  rules.piece_size = size;
  return rules;
}

CutRulesOf at_codes(int size) {
  return [size](const onnx::GraphProto& graph) { return small_pieces(cuts_at_codes(graph), size); };
}

CutRulesOf behind(const std::string& op_type) {
  return [op_type](const onnx::GraphProto&) {
    return CutRules{.may_cross = [op_type](const auto& node) { return node.op_type() == op_type; },
                    .is_repeated = [](const auto&) { return false; },
                    .largest_whole = 0,
                    .piece_size = 1};
  };
}

ModelSource packed(const HeldModel& model) { return pack_model(model.model, "", model.held); }

std::multiset<std::string> operators(const HeldModel& model) {
  const onnx::ModelProto& proto = model.model;
  std::multiset<std::string> types;
  for (const auto& node : proto.graph().node()) types.insert(node.op_type());
  return types;
}

Tensor ramp() {
  Tensor x(ElementType::kFloat32, {2, 4, 6, 6});
  float next = -3;
  for (float& value : x.floats()) value = next += 0.02f;
  return x;
}

Tensor run(const ModelSource& model, OptimizationLevel level) {
  Session session(model, {.optimization = level});
  return session.run({{"x", ramp()}}).begin()->second;
}

TEST(Pieces, GiveTheKernelsAndTheResultOfTheWhole) {
  const ModelSource model(quantized_chain(9).bytes(), "chain.onnx");
  const HeldModel whole = optimize_model(model, OptimizationLevel::kAll);
  const auto kernels = operators(whole);
  ASSERT_EQ(kernels.count("QLinearConv"), 9u);
  for (const int size : {1, 7, 12, 1000}) {
    const HeldModel pieces = optimize_in_pieces(model, OptimizationLevel::kAll, at_codes(size));
    EXPECT_EQ(operators(pieces).count("QLinearConv"), 9u) << size;
    EXPECT_EQ(operators(pieces).count("QLinearAdd"), kernels.count("QLinearAdd")) << size;
    EXPECT_EQ(run(packed(pieces), OptimizationLevel::kNone), run(model, OptimizationLevel::kAll))
        << size;
  }
}

TEST(Pieces, FusionStopsAtACutAndNowhereElse) {
  OnnxBuilder b;
  b.input("x", {-1, 4, 6, 6});
  b.weights("w", {4, 4, 3, 3});
  b.node("Conv", {"x", "w"}, {"c1"});
  b.node("Relu", {"c1"}, {"r1"});
  b.node("Conv", {"r1", "w"}, {"c2"});
  b.node("Relu", {"c2"}, {"y"});
  b.output("y", {-1, 4, 2, 2});
  const ModelSource model(b.bytes(), "");
  const auto optimized = [&](const char* cut) {
    return operators(optimize_in_pieces(model, OptimizationLevel::kExtended, behind(cut)));
  };
  EXPECT_THAT(optimized("Conv"), Contains("Relu"));
  EXPECT_THAT(optimized("Relu"), Not(Contains("Relu")));
}

TEST(Pieces, NamesStayApartAndSharedConstantsAreThereOnce) {
  const ModelSource model(quantized_chain(9).bytes(), "");
  const onnx::ModelProto pieces =
      optimize_in_pieces(model, OptimizationLevel::kNone, at_codes(7)).model;
  std::set<std::string> names;
  for (const auto& node : pieces.graph().node()) {
    EXPECT_TRUE(names.insert(node.name()).second) << node.name();
  }
  std::set<std::string> tensors;
  for (const auto& node : pieces.graph().node()) {
    for (const auto& output : node.output()) EXPECT_TRUE(tensors.insert(output).second) << output;
  }
  EXPECT_EQ(pieces.graph().initializer_size(), 4);
  // What two pieces read each makes anew.
  std::map<std::string, int> made_from;
  for (const auto& node : pieces.graph().node()) {
    if (node.op_type() == "DequantizeLinear") ++made_from[node.input(0)];
  }
  EXPECT_GT(made_from.at("t1_codes") + made_from.at("t3_codes") + made_from.at("t5_codes"), 3);
}

TEST(Pieces, AnyOrderOfTheFileServes) {
  OnnxBuilder b = quantized_chain(9);
  auto& nodes = *b.graph().mutable_node();
  std::reverse(nodes.pointer_begin(), nodes.pointer_end());
  const ModelSource reversed(b.bytes(), "");
  const HeldModel pieces = optimize_in_pieces(reversed, OptimizationLevel::kAll, at_codes(7));
  EXPECT_EQ(operators(pieces).count("QLinearConv"), 9u);
  EXPECT_EQ(run(packed(pieces), OptimizationLevel::kNone), run(reversed, OptimizationLevel::kAll));
}

TEST(Pieces, WhatHasBodiesStaysWhole) {
  OnnxBuilder b = quantized_chain(3);
  OnnxBuilder body;
  body.node("Identity", {"t2"}, {"inner"});
  body.output("inner", {-1, 4, 6, 6});
  b.initializer("condition", {1}, std::vector<int64_t>{1});
  b.node("Cast", {"condition"}, {"is_true"}).integer("to", onnx::TensorProto::BOOL);
  b.node("If", {"is_true"}, {"chosen"})
      .graph("then_branch", body.graph())
      .graph("else_branch", body.graph());
  b.output("chosen", {-1, 4, 6, 6});
  const ModelSource model(b.bytes(), "");
  EXPECT_EQ(packed(optimize_in_pieces(model, OptimizationLevel::kAll, at_codes(1))).bytes,
            packed(optimize_model(model, OptimizationLevel::kAll)).bytes);
}

TEST(Pieces, SmallGraphsStayWhole) {
  const ModelSource model(quantized_chain(9).bytes(), "");
  EXPECT_EQ(packed(optimize_in_pieces(model, OptimizationLevel::kAll, cuts_at_codes)).bytes,
            packed(optimize_model(model, OptimizationLevel::kAll)).bytes);
}

TEST(Pieces, WhatIsDamagedIsAnError) {
  EXPECT_THROW(optimize_in_pieces(ModelSource("no model", "broken.onnx"), OptimizationLevel::kAll,
                                  cuts_at_codes),
               Error);
}

}  // namespace
}  // namespace rangefinder::engine
