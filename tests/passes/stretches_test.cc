#include "passes/stretches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/packed_model.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::passes {
namespace {

using tensor::NamedTensors;
using test_support::OnnxBuilder;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

void conv(OnnxBuilder& b, const std::string& x, const std::string& y) {
  b.weights(y + "_w", {4, 4, 1, 1}, 0.5f);
  b.node("Conv", {x, y + "_w"}, {y});
}

/// Six convolutions; the sum of the second and the fourth, and a head that only `z` needs.
OnnxBuilder network() {
  OnnxBuilder b;
  b.input("x", {1, 4, 8, 8});
  conv(b, "x", "c0");
  b.node("Relu", {"c0"}, {"r0"});
  conv(b, "r0", "c1");
  b.node("Relu", {"c1"}, {"r1"});
  conv(b, "r1", "c2");
  b.node("Relu", {"c2"}, {"r2"});
  conv(b, "r2", "c3");
  b.node("Add", {"c3", "r1"}, {"sum"});
  conv(b, "sum", "y");
  conv(b, "r0", "z");
  b.output("y", {1, 4, 8, 8});
  b.output("z", {1, 4, 8, 8});
  return b;
}

struct Cut {
  PreparedModel prepared;
  std::vector<Stretch> stretches = {};
};

Cut cut(OnnxBuilder b, const std::vector<std::string>& revealed, size_t most = 100) {
  Cut made{.prepared = test_support::prepare(b.model())};
  onnx::ModelProto model = made.prepared.model;
  graph::Graph graph(model);
  const auto& target = targets::find_target("ort-cpu");
  const auto atoms = find_atoms(graph, annotate(graph, made.prepared.infos, target), target);
  made.stretches = cut_into_stretches(made.prepared, atoms, revealed, most);
  return made;
}

/// All tensors that the stretches give, one after the other, each from what those before it gave.
NamedTensors run(const Cut& cut, const NamedTensors& sample) {
  NamedTensors known = sample;
  for (const Stretch& stretch : cut.stretches) {
    engine::Session session(engine::pack_model(stretch.model, "", cut.prepared.held));
    NamedTensors reads;
    for (const auto& name : stretch.reads) reads[name] = known.at(name);
    NamedTensors made = session.run(reads);
    EXPECT_EQ(made.size(), stretch.gives.size());
    known.merge(made);
  }
  return known;
}

void expect_same_outputs(OnnxBuilder b, const std::vector<std::string>& revealed) {
  const Cut made = cut(b, revealed);
  ASSERT_GT(made.stretches.size(), 1u);
  for (unsigned seed = 0; seed < 3; ++seed) {
    const auto sample = test_support::random_sample(b.model(), seed);
    const auto real = test_support::run(made.prepared.model, sample);
    const auto found = run(made, sample);
    for (const auto& name : revealed) {
      EXPECT_LT(test_support::largest_difference(found.at(name), real.at(name)), 1e-5) << name;
    }
  }
}

TEST(Stretches, GiveTogetherWhatTheModelGives) { expect_same_outputs(network(), {"y", "z"}); }

TEST(Stretches, BeginAtWeightedNodesAndKeepTheirOrder) {
  const Cut made = cut(network(), {"y"});
  ASSERT_EQ(made.stretches.size(), 5u);
  EXPECT_THAT(made.stretches[0].reads, ElementsAre("x"));
  EXPECT_THAT(made.stretches[0].gives, ElementsAre("r0"));
  EXPECT_EQ(made.stretches[1].model.graph().node(0).name(), "Conv_c1");
  EXPECT_THAT(made.stretches[2].reads, ElementsAre("r1"));
  EXPECT_THAT(made.stretches[3].reads, UnorderedElementsAre("r2", "r1")) << "the sum jumps";
  EXPECT_THAT(made.stretches[4].gives, ElementsAre("y"));
}

TEST(Stretches, HoldOnlyWhatIsNeeded) {
  std::set<std::string> nodes;
  for (const Stretch& stretch : cut(network(), {"y"}).stretches) {
    for (const auto& node : stretch.model.graph().node()) nodes.insert(node.name());
  }
  EXPECT_TRUE(nodes.contains("Conv_y"));
  EXPECT_FALSE(nodes.contains("Conv_z"));
}

TEST(Stretches, AreAsManyAsAllowedAndCutWhereLeastCrosses) {
  EXPECT_EQ(cut(network(), {"y", "z"}, 3).stretches.size(), 3u);
  EXPECT_EQ(cut(network(), {"y", "z"}, 1).stretches.size(), 1u);
  // Eight convolutions, of which the middle three are jumped over, in two: before the fourth, the
  // fifth or the sixth would be in the middle; before the fourth only one tensor crosses.
  OnnxBuilder b;
  b.input("x", {1, 4, 8, 8});
  std::string last = "x";
  for (int i = 0; i < 8; ++i) {
    const std::string y = "c" + std::to_string(i);
    conv(b, last, y);
    last = y;
    if (i != 5) continue;
    b.node("Add", {"c5", "c2"}, {"sum"});
    last = "sum";
  }
  b.output("c7", {1, 4, 8, 8});
  const Cut made = cut(b, {"c7"}, 2);
  ASSERT_EQ(made.stretches.size(), 2u);
  EXPECT_THAT(made.stretches[1].reads, ElementsAre("c2"));
}

/// What a body reads from outside crosses like anything else.
TEST(Stretches, TensorsAndConstantsThatBodiesReadComeAlong) {
  OnnxBuilder b;
  b.input("x", {1, 4, 8, 8});
  b.input("which", {1}, onnx::TensorProto::BOOL);
  conv(b, "x", "c0");
  conv(b, "c0", "c1");
  b.initializer("shift", {1}, std::vector<float>{0.5f});
  OnnxBuilder then_branch;
  then_branch.node("Add", {"c0", "shift"}, {"then_y"});
  then_branch.output("then_y", {1, 4, 8, 8});
  OnnxBuilder else_branch;
  else_branch.node("Add", {"c1", "c0"}, {"else_y"});
  else_branch.output("else_y", {1, 4, 8, 8});
  b.node("If", {"which"}, {"chosen"})
      .graph("then_branch", then_branch.graph())
      .graph("else_branch", else_branch.graph());
  conv(b, "chosen", "y");
  b.output("y", {1, 4, 8, 8});
  expect_same_outputs(b, {"y"});
}

/// Sequences cannot be handed over.
TEST(Stretches, NothingButTensorsOfNumbersCrosses) {
  OnnxBuilder b;
  b.input("x", {1, 4, 8, 8});
  conv(b, "x", "c0");
  b.node("SequenceConstruct", {"c0", "c0"}, {"pair"});
  conv(b, "c0", "c1");
  conv(b, "c1", "c2");
  b.node("ConcatFromSequence", {"pair"}, {"joined"}).integer("axis", 1);
  b.node("Concat", {"joined", "c2"}, {"all"}).integer("axis", 1);
  b.weights("w", {2, 12, 1, 1}, 0.5f);
  b.node("Conv", {"all", "w"}, {"y"});
  b.output("y", {1, 2, 8, 8});
  expect_same_outputs(b, {"y"});
  for (const Stretch& stretch : cut(b, {"y"}).stretches) {
    EXPECT_THAT(stretch.reads, testing::Not(testing::Contains("pair")));
  }
}

TEST(Stretches, AModelOfWhichAnInputIsAskedForStaysWhole) {
  const Cut made = cut(network(), {"y", "x"});
  ASSERT_EQ(made.stretches.size(), 1u);
  EXPECT_THAT(made.stretches[0].gives, ElementsAre("y", "z", "x"));
}

}  // namespace
}  // namespace rangefinder::passes
