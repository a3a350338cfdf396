#include "passes/fused_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::Pair;

TEST(FusedNames, WhatIsFusedOrMovedSharesTheObservedTensor) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {4, 3, 3, 3}, 0.5f);
  for (const char* name : {"scale", "shift", "mean"}) b.weights(name, {4}, 0.5f);
  b.initializer("var", {4}, std::vector<float>{1, 1, 1, 1});
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("BatchNormalization", {"c", "scale", "shift", "mean", "var"}, {"n"});
  b.node("Relu", {"n"}, {"r"});
  b.node("MaxPool", {"r"}, {"p"}).ints("kernel_shape", {2, 2});
  b.weights("v", {4, 4, 1, 1});
  b.node("Conv", {"p", "v"}, {"y"});
  b.output("y", {1, 4, 5, 5});
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  const auto annotation = annotate(graph, prepared.infos, targets::find_target("ort-cpu"));
  EXPECT_THAT(annotation.observed(), ElementsAre("x", "r", "y"));
  EXPECT_THAT(fused_names(prepared, annotation),
              ElementsAre(Pair("r", ElementsAre("c", "n", "p"))));
}

}  // namespace
}  // namespace rangefinder::passes
