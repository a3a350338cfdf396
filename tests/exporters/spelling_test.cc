#include "exporters/spelling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "graph/constants.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::exporters {
namespace {

using test_support::OnnxBuilder;

OnnxBuilder gate(float alpha, float beta) {
  OnnxBuilder b;
  b.input("x", {-1, 64});
  b.node("HardSigmoid", {"x"}, {"g"}).real("alpha", alpha).real("beta", beta);
  b.node("Mul", {"x", "g"}, {"y"});
  b.output("y", {-1, 64});
  return b;
}

std::multiset<std::string> spelled(OnnxBuilder& b) {
  graph::Graph graph(b.model());
  spell_gates(graph);
  graph.finish();
  std::multiset<std::string> types;
  for (const auto& node : b.graph().node()) types.insert(node.op_type());
  return types;
}

TEST(SpellGates, KeepsTheValues) {
  for (const auto& [alpha, beta] : {std::pair{1.0f / 6, 0.5f}, {0.2f, 0.5f}, {3.0f, -2.0f}}) {
    OnnxBuilder before = gate(alpha, beta);
    OnnxBuilder after = gate(alpha, beta);
    EXPECT_THAT(spelled(after), testing::ElementsAre("Add", "Clip", "Mul", "Mul"));
    auto sample = test_support::random_sample(before.model(), 1);
    for (float& x : sample.at("x").floats()) x *= 4;
    const auto expected = test_support::run(before.model(), sample).at("y");
    const auto found = test_support::run(after.model(), sample).at("y");
    EXPECT_LT(test_support::largest_difference(expected, found), 1e-5) << alpha;
  }
}

TEST(SpellGates, TheUsualOneHasTheUsualNumbers) {
  OnnxBuilder b = gate(1.0f / 6, 0.5f);
  spelled(b);
  std::set<float> numbers;
  for (const auto& constant : b.graph().initializer()) {
    numbers.insert(graph::read_constant(constant).floats()[0]);
  }
  EXPECT_EQ(numbers, (std::set<float>{0, 1.0f / 6, 3, 6})) << "OpenVINO looks for these";
}

TEST(SpellGates, LeavesOneThatFalls) {
  OnnxBuilder b = gate(-1, 0.5f);
  EXPECT_THAT(spelled(b), testing::ElementsAre("HardSigmoid", "Mul"));
}

/// Two 1x1 convolutions of stride 2, one of stride 1 and one of 3x3 read the same tensor.
OnnxBuilder strided() {
  OnnxBuilder b;
  b.input("x", {-1, 4, 9, 8});
  for (const auto& [name, window, stride] :
       {std::tuple{"a", 1, 2}, {"b", 1, 2}, {"c", 1, 1}, {"d", 3, 2}}) {
    const std::string w = std::string(name) + "_w";
    b.weights(w, {4, 4, window, window}, 0.5f);
    b.node("Conv", {"x", w}, {name}).ints("strides", {stride, stride});
    b.output(name, {-1, 4, -1, -1});
  }
  return b;
}

TEST(SpellStrides, APoolSkipsForAllThatSkipTheSame) {
  OnnxBuilder b = strided();
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto made = test_support::quantize(b.model(), {sample}, "openvino");
  std::map<std::string, std::string> reads;
  std::set<std::string> pools;
  for (const auto& node : made.model.graph().node()) {
    if (node.op_type() == "Conv") reads[node.output(0)] = node.input(0);
    if (node.op_type() == "MaxPool") pools.insert(node.output(0));
  }
  ASSERT_EQ(pools.size(), 1u);
  EXPECT_EQ(reads["a"], *pools.begin());
  EXPECT_EQ(reads["b"], *pools.begin());
  EXPECT_NE(reads["c"], *pools.begin());
  EXPECT_NE(reads["d"], *pools.begin());
  const auto real = test_support::run(b.model(), sample);
  const auto found = test_support::run(made.model, sample);
  for (const auto& [name, value] : real) {
    EXPECT_EQ(value.shape(), found.at(name).shape()) << name;
    EXPECT_GT(test_support::sqnr_db(value, found.at(name)), 30) << name;
  }
}

}  // namespace
}  // namespace rangefinder::exporters
