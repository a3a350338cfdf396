#include "passes/origins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

OnnxBuilder::Node named(OnnxBuilder& b, const std::string& type, const std::string& name,
                        const std::vector<std::string>& inputs, const std::string& output) {
  auto node = b.node(type, inputs, {output});
  node.proto().set_name(name);
  return node;
}

const OriginalNode& origin(const Origins& origins, const std::string& name) {
  for (const auto& node : origins.nodes()) {
    if (node.name == name) return node;
  }
  throw std::invalid_argument(name);
}

std::vector<std::string> node_names(const onnx::GraphProto& graph) {
  std::vector<std::string> names;
  for (const auto& node : graph.node()) names.push_back(node.name());
  return names;
}

TEST(Origins, FusedNodesKeepTheUsersName) {
  OnnxBuilder b;
  b.input("x", {2, 4});
  b.weights("w", {4, 4});
  b.weights("b", {4});
  named(b, "MatMul", "query/mm", {"x", "w"}, "m");
  named(b, "Add", "query/plus", {"m", "b"}, "s");
  named(b, "Relu", "act", {"s"}, "y");
  b.output("y", {2, 4});
  const auto prepared = test_support::prepare(b.model());
  EXPECT_THAT(node_names(prepared.model.graph()), ElementsAre("query/mm", "act"));
  EXPECT_EQ(prepared.model.graph().node(0).op_type(), "Gemm");
  EXPECT_THAT(origin(prepared.origins, "query/mm").became, ElementsAre("query/mm"));
  EXPECT_THAT(origin(prepared.origins, "query/plus").became, ElementsAre("query/mm"));
}

/// The drawing in the source, and the way forward: Pad goes into the Conv that follows.
TEST(Origins, NodesThatAreGoneWentBackOrForth) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {4, 3, 1, 1});
  b.weights("v", {4, 4, 3, 3});
  b.initializer("pads", {8}, std::vector<int64_t>{0, 0, 1, 1, 0, 0, 1, 1});
  named(b, "Conv", "first", {"x", "w"}, "c");
  named(b, "Identity", "nothing", {"c"}, "i");
  named(b, "Pad", "pad", {"i", "pads"}, "p");
  named(b, "Conv", "second", {"p", "v"}, "d");
  named(b, "Dropout", "drop", {"d"}, "e");
  named(b, "Sigmoid", "gate", {"e"}, "y");
  b.output("y", {1, 4, 8, 8});
  const auto prepared = test_support::prepare(b.model());
  EXPECT_THAT(node_names(prepared.model.graph()), ElementsAre("first", "second", "gate"));
  EXPECT_THAT(origin(prepared.origins, "nothing").became, ElementsAre("first"));
  EXPECT_THAT(origin(prepared.origins, "pad").became, ElementsAre("second"));
  EXPECT_THAT(origin(prepared.origins, "drop").became, ElementsAre("second"));
}

TEST(Origins, NodesWhoseResultIsKnownWithoutDataAreConstants) {
  OnnxBuilder b;
  b.input("x", {2, 4});
  b.weights("w", {4, 4});
  b.initializer("two", {}, std::vector<float>{2});
  named(b, "Mul", "scaled", {"w", "two"}, "w2");
  named(b, "Shape", "shape", {"x"}, "s");
  named(b, "MatMul", "mm", {"x", "w2"}, "m");
  named(b, "Reshape", "same", {"m", "s"}, "y");
  b.output("y", {2, 4});
  const auto prepared = test_support::prepare(b.model());
  EXPECT_EQ(origin(prepared.origins, "scaled").fate, Fate::kConstant);
  EXPECT_EQ(origin(prepared.origins, "shape").fate, Fate::kConstant);
  EXPECT_THAT(origin(prepared.origins, "shape").became, IsEmpty());
  EXPECT_EQ(origin(prepared.origins, "mm").fate, Fate::kPrepared);
}

/// Without a reader to follow: what makes an unread output of a node that is gone.
TEST(Origins, WhatNobodyReadsIsSaidToBeUnused) {
  OnnxBuilder file;
  file.input("x", {2, 4});
  named(file, "Exp", "idle", {"x"}, "unread");
  named(file, "Relu", "relu", {"x"}, "y");
  OnnxBuilder rewritten;
  named(rewritten, "Relu", "other", {"x"}, "y");
  Origins origins(file.graph());
  origins.trace(rewritten.graph());
  EXPECT_EQ(origin(origins, "idle").fate, Fate::kUnused);
  EXPECT_THAT(origin(origins, "relu").became, ElementsAre("relu"));
  EXPECT_EQ(rewritten.graph().node(0).name(), "relu");
}

/// Identity stood between two nodes that are one now.
TEST(Origins, NothingInTheMiddleOfAFusion) {
  OnnxBuilder b;
  b.input("x", {2, 4});
  b.weights("w", {4, 4});
  b.weights("b", {4});
  named(b, "Sigmoid", "before", {"x"}, "z");
  named(b, "MatMul", "mm", {"z", "w"}, "m");
  named(b, "Identity", "nothing", {"m"}, "i");
  named(b, "Add", "plus", {"i", "b"}, "y");
  b.output("y", {2, 4});
  const auto prepared = test_support::prepare(b.model());
  for (const char* name : {"mm", "nothing", "plus"}) {
    EXPECT_THAT(origin(prepared.origins, name).became, ElementsAre("mm")) << name;
  }
}

TEST(Origins, NodesOfOneNameAreFoundByWhatTheyMake) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {3, 3, 1, 1});
  named(b, "Conv", "conv", {"x", "w"}, "c");
  named(b, "Conv", "conv", {"c", "w"}, "y");
  b.output("y", {1, 3, 8, 8});
  const auto prepared = test_support::prepare(b.model());
  ASSERT_EQ(prepared.origins.nodes().size(), 2u);
  EXPECT_THAT(prepared.origins.nodes()[0].became, ElementsAre("conv"));
  EXPECT_THAT(prepared.origins.nodes()[1].became, ElementsAre("conv_1"));
}

TEST(Origins, HelpersOfARewrittenOperatorBelongToIt) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {4, 3, 1, 1});
  named(b, "Conv", "conv", {"x", "w"}, "c");
  named(b, "ReduceMean", "mean", {"c"}, "y").ints("axes", {2, 3}).integer("keepdims", 0);
  b.output("y", {1, 4});
  const auto prepared = test_support::prepare(b.model());
  EXPECT_THAT(origin(prepared.origins, "mean").became, ElementsAre("mean", "mean_pool"));
}

TEST(Origins, ALongChainOfNodesThatDoNothing) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w", {4, 3, 1, 1});
  named(b, "Conv", "conv", {"x", "w"}, "t0");
  const int count = 2000;
  for (int i = 0; i < count; ++i) {
    named(b, "Identity", "id" + std::to_string(i), {"t" + std::to_string(i)},
          "t" + std::to_string(i + 1));
  }
  named(b, "Sigmoid", "last", {"t" + std::to_string(count)}, "y");
  b.output("y", {1, 4, 8, 8});
  const auto prepared = test_support::prepare(b.model());
  for (const char* name : {"id0", "id1000", "id1999"}) {
    EXPECT_THAT(origin(prepared.origins, name).became, ElementsAre("conv")) << name;
  }
}

}  // namespace
}  // namespace rangefinder::passes
