#include "refine/smooth_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/session.h"
#include "passes/prepare.h"
#include "refine/convolution_chains.h"
#include "refine/norm_outputs.h"
#include "support/small_transformer.h"
#include "tensor/tensor.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using test_support::SmallTransformer;
using testing::ElementsAre;
using testing::HasSubstr;

/// A model that is prepared, and its norms with exponents that differ from channel to channel.
struct Subject {
  passes::PreparedModel prepared;
  std::vector<SmoothedChannels> norms = {};

  explicit Subject(const OnnxBuilder& b, int64_t width = SmallTransformer::kWidth)
      : prepared(passes::prepare({b.bytes(), ""})) {
    graph::Graph graph(prepared.model);
    const auto annotation =
        passes::annotate(graph, prepared.infos, targets::find_target("ort-cpu"));
    for (const auto& output : norm_outputs(graph, annotation)) {
      Smoothing smoothing;
      for (int64_t c = 0; c < width; ++c) {
        smoothing.exponents.push_back(static_cast<int>(c * 5 % 11) - 4);
      }
      norms.push_back({output, smoothing});
    }
  }

  engine::HeldModel smoothed(std::vector<std::string>* tensors = nullptr) {
    engine::HeldModel model{prepared.model, prepared.held};
    const auto names = smooth_model(model, prepared.infos, norms);
    if (tensors != nullptr) *tensors = names;
    return model;
  }
};

std::vector<float> run(const engine::HeldModel& model, const tensor::Tensor& x) {
  engine::Session session(engine::pack_model(model.model, "", model.held));
  const auto outputs = session.run({{"x", x}});
  const auto values = outputs.at("y").floats();
  return {values.begin(), values.end()};
}

size_t count(const onnx::ModelProto& model, const std::string& op_type) {
  size_t found = 0;
  for (const auto& node : model.graph().node()) found += node.op_type() == op_type;
  return found;
}

TEST(SmoothModel, ComputesWhatItDidBitForBit) {
  for (const bool is_pre_norm : {true, false}) {
    for (const bool has_operator : {true, false}) {
      Subject subject(SmallTransformer{is_pre_norm, has_operator, 20}.build());
      ASSERT_EQ(subject.norms.size(), 2u);
      const engine::HeldModel before{subject.prepared.model, subject.prepared.held};
      const engine::HeldModel after = subject.smoothed();
      for (size_t i = 0; i < 3; ++i) {
        const auto x = tensor::Tensor::from_floats(
            {1, SmallTransformer::kTokens, SmallTransformer::kWidth}, SmallTransformer::sample(i));
        EXPECT_EQ(run(after, x), run(before, x)) << is_pre_norm << has_operator;
      }
    }
  }
}

TEST(SmoothModel, AddsNoNodeWhereGainAndBiasTakeTheScales) {
  for (const bool has_operator : {true, false}) {
    Subject subject(SmallTransformer{true, has_operator, 20}.build());
    std::vector<std::string> tensors;
    const auto after = subject.smoothed(&tensors);
    EXPECT_EQ(after.model.graph().node_size(), subject.prepared.model.graph().node_size());
    EXPECT_THAT(tensors, ElementsAre("n1", "n2"));
  }
}

TEST(SmoothModel, AddsAMulWhereTheResidualReadsTheNorm) {
  Subject subject(SmallTransformer{false, true, 20}.build());
  std::vector<std::string> tensors;
  const auto after = subject.smoothed(&tensors);
  EXPECT_EQ(count(after.model, "Mul"), 2u);
  EXPECT_THAT(tensors, ElementsAre("n1_smoothed", "n2_smoothed"));
  EXPECT_TRUE(subject.prepared.infos.contains("n1_smoothed"));
  for (const auto& node : after.model.graph().node()) {
    if (node.name() == "query") {
      EXPECT_EQ(node.input(0), "n1_smoothed");
    } else if (node.output(0) == "sum1") {
      EXPECT_EQ(node.input(1), "n1");
    }
  }
}

TEST(SmoothModel, TransposedMatricesAreScaledAlongTheirInputs) {
  OnnxBuilder b(17);
  b.input("x", {3, 6});
  b.weights("gain", {6});
  b.weights("w", {4, 6});
  b.weights("v", {6, 4});
  b.node("LayerNormalization", {"x", "gain"}, {"n"}).integer("axis", -1);
  b.node("Gemm", {"n", "w"}, {"g"}).integer("transB", 1);
  b.node("MatMul", {"n", "v"}, {"m"});
  b.node("Add", {"g", "m"}, {"y"});
  b.output("y", {3, 4});
  Subject subject(b, 6);
  ASSERT_EQ(subject.norms.size(), 1u);
  const engine::HeldModel before{subject.prepared.model, subject.prepared.held};
  const auto x = tensor::Tensor::from_floats(
      {3, 6}, std::vector<float>{1, 2, -3, 4, 0, 6, 7, 0, 9, -1, 5, 3, 1, 1, 2, 2, -3, 3});
  EXPECT_EQ(run(subject.smoothed(), x), run(before, x));
}

/// x -> wide -> PRelu -> by channel -> Relu -> narrow, in groups -> + row -> up -> y, and -> z
OnnxBuilder mobile_network() {
  OnnxBuilder b;
  b.input("x", {1, 3, 6, 6});
  b.weights("w1", {4, 3, 1, 1});
  b.weights("b1", {4});
  b.weights("slope", {4, 1, 1});
  b.weights("w2", {4, 1, 3, 3});
  b.weights("b2", {4});
  b.weights("w3", {4, 2, 1, 1});
  b.weights("row", {1, 4, 1, 1});
  b.weights("w4", {4, 3, 2, 2});
  b.node("Conv", {"x", "w1", "b1"}, {"c1"});
  b.node("PRelu", {"c1", "slope"}, {"r1"});
  b.node("Conv", {"r1", "w2", "b2"}, {"c2"}).integer("group", 4).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c2"}, {"r2"});
  b.node("Conv", {"r2", "w3"}, {"c3"}).integer("group", 2);
  b.node("Add", {"c3", "row"}, {"s"});
  b.node("ConvTranspose", {"s", "w4"}, {"y"}).ints("strides", {2, 2});
  b.output("y", {1, 3, 12, 12});
  b.weights("w5", {2, 4, 1, 1});
  b.node("Conv", {"s", "w5"}, {"z"});
  b.output("z", {1, 2, 6, 6});
  return b;
}

TEST(SmoothModel, BetweenConvolutionsComputesWhatItDidBitForBit) {
  Subject subject(mobile_network(), 4);
  {
    graph::Graph graph(subject.prepared.model);
    const auto& target = targets::find_target("ort-cpu");
    const auto annotation = passes::annotate(graph, subject.prepared.infos, target);
    for (const auto& chain :
         convolution_chains(graph, annotation, subject.prepared.infos, target)) {
      subject.norms.push_back({chain, {.exponents = {3, -2, 0, 1}}});
    }
  }
  ASSERT_EQ(subject.norms.size(), 3u);
  const engine::HeldModel before{subject.prepared.model, subject.prepared.held};
  std::vector<float> values(108);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
  const auto x = tensor::Tensor::from_floats({1, 3, 6, 6}, values);
  const auto after = subject.smoothed();
  EXPECT_EQ(after.model.graph().node_size(), before.model.graph().node_size());
  EXPECT_EQ(run(after, x), run(before, x));
  EXPECT_NE(after.model.SerializeAsString(), before.model.SerializeAsString());
}

TEST(ReadMatrix, OfAConvolutionHoldsItsWindows) {
  OnnxBuilder b;
  b.input("x", {1, 4, 2, 2});
  b.initializer("w", {2, 2, 1, 2}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  b.node("Conv", {"x", "w"}, {"y"}).integer("group", 2);
  b.output("y", {1, 2, 2, 1});
  graph::Graph graph(b.model());
  const ReadMatrix matrix = read_matrix(graph, graph.message().node(0));
  EXPECT_EQ(matrix.rows, 4u);
  EXPECT_EQ(matrix.columns, 2u);
  EXPECT_EQ(matrix.taps, 2u);
  EXPECT_EQ(matrix.group_rows, 2u);
  EXPECT_TRUE(matrix.is_mean_corrected);
  EXPECT_THAT(matrix.values, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST(ReadMatrix, HasARowForEachChannelWhateverTheLayout) {
  OnnxBuilder b;
  b.input("x", {3, 2});
  b.initializer("w", {3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6});
  b.initializer("v", {2, 3}, std::vector<float>{1, 3, 5, 2, 4, 6});
  b.node("Gemm", {"x", "w"}, {"g"}).integer("transB", 1);
  b.node("MatMul", {"x", "v"}, {"m"});
  b.output("g", {3, 3});
  b.output("m", {3, 3});
  graph::Graph graph(b.model());
  const auto transposed = read_matrix(graph, b.graph().node(0));
  const auto plain = read_matrix(graph, b.graph().node(1));
  EXPECT_EQ(plain.rows, 2u);
  EXPECT_EQ(plain.columns, 3u);
  EXPECT_THAT(plain.values, ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_EQ(transposed.values, plain.values);
  EXPECT_TRUE(transposed.is_mean_corrected);
  EXPECT_FALSE(plain.is_mean_corrected);
}

}  // namespace
}  // namespace rangefinder::refine
