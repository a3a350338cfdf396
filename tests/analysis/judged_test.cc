#include "analysis/judged.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/reveal.h"
#include "engine/session.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::analysis {
namespace {

using onnx::TensorProto;
using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

/// x [N, 4] times weights: rows of `columns` scores.
OnnxBuilder scoring(int64_t columns = 6) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.weights("w", {4, columns});
  b.node("MatMul", {"x", "w"}, {"scores"});
  return b;
}

std::vector<JudgedOutput> judged(OnnxBuilder& b) {
  return judged_outputs(test_support::prepare(b.model()));
}

TEST(JudgedOutputs, WhatIsComputedSmoothlyIsJudgedAtItself) {
  OnnxBuilder b = scoring();
  b.node("Softmax", {"scores"}, {"y"});
  b.node("Shape", {"scores"}, {"shape"});
  b.output("y", {-1, 6});
  b.output("shape", {2}, TensorProto::INT64);
  EXPECT_THAT(judged(b), ElementsAre(JudgedOutput{.output = "y", .tensors = {"y"}},
                                     JudgedOutput{.output = "shape", .tensors = {"shape"}}));
}

TEST(JudgedOutputs, AnArgMaxIsJudgedByTheScoresBeforeIt) {
  OnnxBuilder b = scoring();
  b.node("Softmax", {"scores"}, {"shares"});
  b.node("ArgMax", {"shares"}, {"best"}).integer("axis", 1).integer("keepdims", 0);
  b.node("Cast", {"best"}, {"y"}).integer("to", TensorProto::FLOAT);
  b.output("y", {-1});
  const auto found = judged(b);
  EXPECT_THAT(found, ElementsAre(JudgedOutput{
                         .output = "y", .tensors = {"shares"}, .selected_by = {"ArgMax_best"}}));
  EXPECT_THAT(inner_tensors(found), ElementsAre("shares"));
}

/// Boxes [N, 4, 4] and scores [N, 1, 4], both from x, and the boxes that are found.
OnnxBuilder detector() {
  OnnxBuilder b;
  b.input("x", {1, 4, 4});
  b.weights("w", {4, 4});
  b.weights("v", {1, 4});
  b.node("MatMul", {"x", "w"}, {"boxes"});
  b.node("MatMul", {"v", "x"}, {"scores"});
  b.initializer("most", {1}, std::vector<int64_t>{3});
  b.node("NonMaxSuppression", {"boxes", "scores", "most"}, {"chosen"});
  b.initializer("two", {}, std::vector<int64_t>{2});
  b.node("Gather", {"chosen", "two"}, {"places"}).integer("axis", 1);
  b.node("Gather", {"boxes", "places"}, {"found"}).integer("axis", 1);
  return b;
}

TEST(JudgedOutputs, ADetectorIsJudgedByAllBoxesAndScores) {
  OnnxBuilder b = detector();
  b.node("Shape", {"found"}, {"shape"});
  b.node("Sigmoid", {"found"}, {"y"});
  b.output("y", {1, -1, 4});
  b.output("shape", {3}, TensorProto::INT64);
  b.output("boxes", {1, 4, 4});
  const auto found = judged(b);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_THAT(found[0].tensors, ElementsAre("boxes", "scores"));
  EXPECT_THAT(found[0].selected_by, ElementsAre("NonMaxSuppression_chosen"));
  EXPECT_THAT(found[0].hidden_nodes, IsEmpty());
  // How many are found depends on the values, too.
  EXPECT_THAT(found[1].tensors, ElementsAre("boxes", "scores"));
  EXPECT_THAT(found[2].tensors, ElementsAre("boxes"));
  EXPECT_THAT(inner_tensors(found), ElementsAre("scores")) << "boxes are an output already";
}

TEST(JudgedOutputs, NodesBehindTheSelectionAreNamed) {
  OnnxBuilder b = detector();
  b.weights("u", {4, 5});
  b.node("MatMul", {"found", "u"}, {"y"});
  b.output("y", {1, -1, 5});
  const auto found = judged(b);
  EXPECT_THAT(found[0].tensors, ElementsAre("boxes", "scores"));
  EXPECT_THAT(found[0].hidden_nodes, ElementsAre("MatMul_y"));
}

TEST(JudgedOutputs, OfTopKTheValuesAreSmoothAndThePlacesAreNot) {
  OnnxBuilder b = scoring();
  b.initializer("k", {1}, std::vector<int64_t>{2});
  b.node("TopK", {"scores", "k"}, {"values", "places"});
  b.output("values", {-1, 2});
  b.output("places", {-1, 2}, TensorProto::INT64);
  const auto found = judged(b);
  EXPECT_THAT(found[0].tensors, ElementsAre("values"));
  EXPECT_THAT(found[1].tensors, ElementsAre("scores"));
}

TEST(JudgedOutputs, ASwitchBetweenValuesSelectsNothing) {
  for (const std::string kind : {"Where", "Mul"}) {
    OnnxBuilder b = scoring();
    b.initializer("zero", {}, std::vector<float>{0});
    b.initializer("slope", {}, std::vector<float>{0.1f});
    b.node("Greater", {"scores", "zero"}, {"positive"});
    if (kind == "Where") {
      b.node("Mul", {"scores", "slope"}, {"leaked"});
      b.node("Where", {"positive", "scores", "leaked"}, {"bent"});
    } else {
      b.node("Cast", {"positive"}, {"mask"}).integer("to", TensorProto::FLOAT);
      b.node("Mul", {"mask", "scores"}, {"bent"});
    }
    b.weights("v", {6, 3});
    b.node("MatMul", {"bent", "v"}, {"y"});
    b.output("y", {-1, 3});
    EXPECT_THAT(judged(b)[0].tensors, ElementsAre("y")) << kind;
  }
}

TEST(JudgedOutputs, TruthValuesAreJudgedByWhatIsCompared) {
  OnnxBuilder b = scoring();
  b.initializer("half", {}, std::vector<float>{0.5f});
  b.node("Sigmoid", {"scores"}, {"shares"});
  b.node("Greater", {"shares", "half"}, {"above"});
  b.node("Not", {"above"}, {"y"});
  b.output("y", {-1, 6}, TensorProto::BOOL);
  const auto found = judged(b);
  EXPECT_THAT(found[0].tensors, ElementsAre("shares"));
  EXPECT_THAT(found[0].selected_by, ElementsAre("Greater_above"));
}

TEST(JudgedOutputs, WhatIsMadeOfTokensAloneIsExact) {
  OnnxBuilder b = scoring();
  b.input("ids", {-1, 6}, TensorProto::INT64);
  b.initializer("padding", {}, std::vector<int64_t>{0});
  b.initializer("low", {}, std::vector<float>{-100});
  b.initializer("none", {}, std::vector<float>{0});
  b.node("Equal", {"ids", "padding"}, {"is_padding"});
  b.node("Where", {"is_padding", "low", "none"}, {"mask"});
  b.node("Add", {"scores", "mask"}, {"masked"});
  b.node("Softmax", {"masked"}, {"y"});
  b.output("y", {-1, 6});
  EXPECT_THAT(judged(b)[0].tensors, ElementsAre("y"));
}

TEST(JudgedOutputs, RoundedValuesAreJudgedBeforeTheRounding) {
  for (const std::string kind : {"Round", "Floor", "Cast"}) {
    OnnxBuilder b = scoring();
    const bool casts = kind == "Cast";
    auto node = b.node(kind, {"scores"}, {"y"});
    if (casts) node.integer("to", TensorProto::INT32);
    b.output("y", {-1, 6}, casts ? TensorProto::INT32 : TensorProto::FLOAT);
    EXPECT_THAT(judged(b)[0].tensors, ElementsAre("scores")) << kind;
  }
}

TEST(JudgedOutputs, ARandomOutputIsJudgedByNothing) {
  OnnxBuilder b = scoring();
  b.node("RandomNormalLike", {"scores"}, {"noise"});
  b.node("Add", {"scores", "noise"}, {"y"});
  b.node("RandomNormalLike", {"x"}, {"other"});
  b.output("y", {-1, 6});
  b.output("other", {-1, 4});
  const auto found = judged(b);
  EXPECT_THAT(found[0].tensors, ElementsAre("scores"));
  EXPECT_THAT(found[1].tensors, IsEmpty());
}

TEST(JudgedOutputs, ABodyThatSelectsSelects) {
  OnnxBuilder b = scoring();
  b.input("wanted", {}, TensorProto::BOOL);
  const auto body = [](const std::string& type) {
    OnnxBuilder inner;
    inner.node(type, {"scores"}, {type + "_made"}).integer("axis", 1);
    inner.output(type + "_made", {-1, -1}, TensorProto::INT64);
    return inner.graph();
  };
  b.node("If", {"wanted"}, {"y"})
      .graph("then_branch", body("ArgMax"))
      .graph("else_branch", body("ArgMin"));
  b.output("y", {-1, -1}, TensorProto::INT64);
  const auto found = judged(b);
  EXPECT_THAT(found[0].tensors, ElementsAre("scores"));
  EXPECT_THAT(found[0].selected_by, ElementsAre("If_y"));
}

TEST(JudgedOutputs, TheTensorsAreInTheQuantizedModelToo) {
  OnnxBuilder b = scoring();
  b.node("Relu", {"scores"}, {"positive"});
  b.weights("v", {6, 6});
  b.node("MatMul", {"positive", "v"}, {"more"});
  b.node("ArgMax", {"more"}, {"y"}).integer("axis", 1);
  b.output("y", {-1, 1}, TensorProto::INT64);
  const auto inner = inner_tensors(judged(b));
  ASSERT_THAT(inner, ElementsAre("more"));
  test_support::Samples samples = {test_support::random_sample(b.model(), 1)};
  const auto quantized = test_support::quantize(b.model(), samples);
  const auto shown = revealing(quantized.model, inner);
  engine::Session session(engine::ModelSource(shown.SerializeAsString(), ""));
  EXPECT_EQ(session.run(samples.front()).at("more").shape(),
            (tensor::Shape{samples.front().at("x").shape()[0], 6}));
}

}  // namespace
}  // namespace rangefinder::analysis
