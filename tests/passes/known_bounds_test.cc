#include "passes/known_bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using quantization::Range;
using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::Pair;

std::map<std::string, Range> bounds(OnnxBuilder& b) {
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  return known_bounds(graph, annotate(graph, prepared.infos, targets::find_target("ort-cpu")));
}

TEST(KnownBounds, OfAnAttentionAndWhatMovesIt) {
  OnnxBuilder b;
  b.input("q", {2, 4, 8});
  b.input("k", {2, 8, 4});
  b.input("v", {2, 4, 8});
  b.node("MatMul", {"q", "k"}, {"scores"});
  b.node("Softmax", {"scores"}, {"shares"}).integer("axis", -1);
  b.node("Transpose", {"shares"}, {"turned"}).ints("perm", {0, 2, 1});
  b.node("MatMul", {"turned", "v"}, {"y"});
  b.output("y", {2, 4, 8});
  EXPECT_THAT(bounds(b), ElementsAre(Pair("turned", Range{0, 1})));
}

TEST(KnownBounds, OfSquashedValuesAndNoOthers) {
  OnnxBuilder b;
  b.input("x", {2, 8});
  b.weights("w", {8, 8});
  b.node("Tanh", {"x"}, {"t"});
  b.node("MatMul", {"t", "w"}, {"m"});
  b.node("Exp", {"m"}, {"e"});
  b.node("MatMul", {"e", "w"}, {"n"});
  b.node("Sigmoid", {"n"}, {"s"});
  b.node("MatMul", {"s", "w"}, {"y"});
  b.output("y", {2, 8});
  EXPECT_THAT(bounds(b), ElementsAre(Pair("s", Range{0, 1}), Pair("t", Range{-1, 1})));
}

}  // namespace
}  // namespace rangefinder::passes
