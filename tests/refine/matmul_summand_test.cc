#include "refine/matmul_summand.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "support/onnx_builder.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;

std::optional<MatmulSummand> found_in(const std::vector<int64_t>& constant, bool is_first = false,
                                      const std::function<void(OnnxBuilder&)>& change = {}) {
  OnnxBuilder b;
  b.input("x", {1, 7, 3});
  b.weights("w", {3, 5});
  b.weights("row", constant);
  b.node("MatMul", {"x", "w"}, {"product"});
  b.node("Add",
         is_first ? std::vector<std::string>{"row", "product"}
                  : std::vector<std::string>{"product", "row"},
         {"y"})
      .proto()
      .set_name("add");
  b.output("y", {1, 7, 5});
  if (change) change(b);
  graph::Graph graph(b.model());
  return matmul_summand(graph, graph.message().node(0));
}

TEST(MatmulSummand, IsTheConstantOfTheOnlyReader) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{5}, {1, 5}, {1, 1, 5}}) {
    for (const bool is_first : {false, true}) {
      const auto found = found_in(shape, is_first);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->node, "add");
      EXPECT_EQ(found->input, is_first ? 0 : 1);
    }
  }
}

TEST(MatmulSummand, OtherConstantsAreNone) {
  EXPECT_FALSE(found_in({1}));
  EXPECT_FALSE(found_in({7, 5}));
  EXPECT_FALSE(found_in({1, 7, 1}));
  EXPECT_FALSE(found_in({}));
}

TEST(MatmulSummand, WhatOthersReadStaysAsItIs) {
  EXPECT_FALSE(found_in({5}, false, [](OnnxBuilder& b) { b.output("product", {1, 7, 5}); }));
  EXPECT_FALSE(
      found_in({5}, false, [](OnnxBuilder& b) { b.node("Relu", {"product"}, {"other"}); }));
}

TEST(MatmulSummand, ASumOfActivationsIsNone) {
  EXPECT_FALSE(
      found_in({5}, false, [](OnnxBuilder& b) { b.graph().mutable_node(1)->set_input(1, "x"); }));
  EXPECT_FALSE(
      found_in({5}, false, [](OnnxBuilder& b) { b.graph().mutable_node(1)->set_op_type("Mul"); }));
}

}  // namespace
}  // namespace rangefinder::refine
