#include "passes/atoms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Atom> atoms_of(OnnxBuilder& b) {
  const auto prepared = test_support::prepare(b.model());
  onnx::ModelProto model = prepared.model;
  graph::Graph graph(model);
  const auto& target = targets::find_target("ort-cpu");
  return find_atoms(graph, annotate(graph, prepared.infos, target), target);
}

void conv(OnnxBuilder& b, const std::string& x, const std::string& y, int64_t in, int64_t out) {
  b.weights(y + "_w", {out, in, 1, 1}, 0.5f);
  b.node("Conv", {x, y + "_w"}, {y});
}

/// Two branches of three convolutions that are added, and a pool behind.
OnnxBuilder residual() {
  OnnxBuilder b;
  b.input("x", {-1, 4, 8, 8});
  conv(b, "x", "c0", 4, 4);
  b.node("Relu", {"c0"}, {"r0"});
  conv(b, "r0", "c1", 4, 4);
  b.node("Add", {"r0", "c1"}, {"sum"});
  b.node("Relu", {"sum"}, {"r1"});
  b.node("MaxPool", {"r1"}, {"p"}).ints("kernel_shape", {2, 2});
  conv(b, "p", "y", 4, 4);
  b.output("y", {-1, 4, 7, 7});
  return b;
}

TEST(Atoms, ArithmeticBelongsToTheWeightsBeforeItAndMoversToNobody) {
  OnnxBuilder b = residual();
  const auto atoms = atoms_of(b);
  ASSERT_EQ(atoms.size(), 3u);
  EXPECT_EQ(atoms[0].node, "Conv_c0");
  EXPECT_EQ(atoms[0].op_type, "Conv");
  EXPECT_THAT(atoms[0].nodes, ElementsAre("Conv_c0"));
  EXPECT_THAT(atoms[0].bounds, ElementsAre("Relu_r0"));
  EXPECT_THAT(atoms[1].nodes, ElementsAre("Conv_c1", "Add_sum")) << "the last of its branches";
  EXPECT_THAT(atoms[1].bounds, ElementsAre("Relu_r1"));
  EXPECT_THAT(atoms[2].nodes, ElementsAre("Conv_y"));
  const auto owners = atom_of_nodes(atoms);
  EXPECT_EQ(owners.at("Add_sum"), 1u);
  EXPECT_EQ(owners.at("Relu_r1"), 1u);
  EXPECT_FALSE(owners.contains("MaxPool_p"));
}

TEST(Atoms, WhatComesBeforeAnyWeightsBelongsToTheFirst) {
  OnnxBuilder b;
  b.input("x", {-1, 4, 8, 8});
  b.input("z", {-1, 4, 8, 8});
  conv(b, "x", "c", 4, 4);
  b.node("Concat", {"x", "z"}, {"both"}).integer("axis", 1);
  conv(b, "z", "d", 4, 4);
  conv(b, "both", "y", 8, 4);
  b.output("c", {-1, 4, 8, 8});
  b.output("d", {-1, 4, 8, 8});
  b.output("y", {-1, 4, 8, 8});
  const auto atoms = atoms_of(b);
  ASSERT_EQ(atoms.size(), 3u);
  size_t owners = 0;
  for (const auto& atom : atoms) {
    owners += std::count(atom.nodes.begin(), atom.nodes.end(), "Concat_both");
  }
  EXPECT_EQ(owners, 1u);
}

TEST(Atoms, FloatNodesAreInNone) {
  OnnxBuilder b;
  b.input("x", {-1, 4});
  b.weights("w", {4, 4});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Softmax", {"m"}, {"s"});
  b.node("Exp", {"s"}, {"y"});
  b.output("y", {-1, 4});
  const auto atoms = atoms_of(b);
  ASSERT_EQ(atoms.size(), 1u);
  EXPECT_THAT(atoms[0].nodes, ElementsAre("MatMul_m"));
  EXPECT_THAT(atoms[0].bounds, IsEmpty());
}

}  // namespace
}  // namespace rangefinder::passes
