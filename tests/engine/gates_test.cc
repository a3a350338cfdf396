#include "engine/gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/gate_rounding.h"
#include "engine/operator_names.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using test_support::OnnxBuilder;
using testing::Contains;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr int64_t kBlock = 8;

OnnxBuilder::Node blocked(OnnxBuilder& b, const char* op, const std::string& from,
                          const std::string& to) {
  auto node = b.node(op, {from}, {to});
  node.proto().set_domain(kBlockedDomain);
  return node;
}

void leave_blocks(OnnxBuilder& b, const std::string& from, const std::string& to,
                  int64_t channels = 20) {
  blocked(b, "ReorderOutput", from, to).integer("channels", channels);
}

void convolve(OnnxBuilder& b, const std::string& from, const std::string& to, int64_t channels,
              int64_t kernel = 1, int64_t pad = 0) {
  b.weights("w_" + to, {channels, 20, kernel, kernel});
  b.node("Conv", {from, "w_" + to}, {to}).ints("pads", {pad, pad, pad, pad});
}

/// A squeeze-and-excite block as ONNX Runtime leaves it: x in blocks, its mean in [N, C, 1, 1].
struct Excite {
  std::string mean_of = "plain";
  std::string mean = "GlobalAveragePool";
  int64_t gate_channels = 20;
  std::string gate = "HardSigmoid";
  int64_t kernel = 1;
  int64_t pad = 0;
  bool returns = true;
};

OnnxBuilder squeeze_and_excite(const Excite& what = {}) {
  OnnxBuilder b;
  b.input("x", {-1, 24, -1, -1});
  leave_blocks(b, "x", "plain");
  b.node(what.mean, {what.mean_of}, {"mean"});
  convolve(b, "mean", "squeezed", 20);
  b.node("Relu", {"squeezed"}, {"positive"});
  convolve(b, "positive", "excited", what.gate_channels, what.kernel, what.pad);
  b.node(what.gate, {"excited"}, {"gate"});
  b.node("Mul", {"gate", "plain"}, {"product"});
  if (what.returns) blocked(b, "ReorderInput", "product", "back");
  b.node("Relu", {what.returns ? "back" : "product"}, {"y"});
  b.output("y", {-1, -1, -1, -1});
  return b;
}

size_t write(OnnxBuilder& b, int64_t block = kBlock) { return write_gates(b.model(), block); }

std::vector<std::string> operators(OnnxBuilder& b) {
  std::vector<std::string> types;
  for (const auto& node : b.graph().node()) types.push_back(node.op_type());
  return types;
}

const onnx::NodeProto& node_of(OnnxBuilder& b, const std::string& op_type) {
  for (const auto& node : b.graph().node()) {
    if (node.op_type() == op_type) return node;
  }
  throw std::logic_error("no " + op_type);
}

TEST(Gates, AProductWithTheOwnHardSigmoidIsAHardSwish) {
  if (!hard_swish_rounds_alike()) GTEST_SKIP() << "ONNX Runtime rounds otherwise here";
  for (const bool gate_first : {false, true}) {
    OnnxBuilder b;
    b.node("HardSigmoid", {"x"}, {"gate"}).real("alpha", 0.25f);
    if (gate_first) {
      b.node("Mul", {"gate", "x"}, {"y"});
    } else {
      b.node("Mul", {"x", "gate"}, {"y"});
    }
    b.output("y", {-1});
    EXPECT_EQ(write(b, 0), 1u);
    EXPECT_THAT(operators(b), UnorderedElementsAre(kHardSwishOperator));
    const auto& node = b.graph().node(0);
    EXPECT_EQ(node.domain(), kOperatorDomain);
    EXPECT_EQ(node.input(0), "x");
    EXPECT_EQ(node.output(0), "y");
    EXPECT_EQ(node.attribute(0).f(), 0.25f);
    EXPECT_EQ(node.attribute(1).f(), 0.5f) << "the default of ONNX";
  }
}

TEST(Gates, AHardSigmoidThatOthersReadOrOfAnotherTensorStays) {
  OnnxBuilder read_twice;
  read_twice.node("HardSigmoid", {"x"}, {"gate"});
  read_twice.node("Mul", {"x", "gate"}, {"y"});
  read_twice.output("y", {-1});
  OnnxBuilder as_output = read_twice;
  as_output.output("gate", {-1});
  read_twice.node("Relu", {"gate"}, {"z"});
  read_twice.output("z", {-1});
  OnnxBuilder other;
  other.node("HardSigmoid", {"x2"}, {"gate"});
  other.node("Mul", {"x", "gate"}, {"y"});
  other.output("y", {-1});
  for (OnnxBuilder* b : {&read_twice, &as_output, &other}) {
    EXPECT_EQ(write(*b), 0u);
    EXPECT_THAT(operators(*b), Contains("HardSigmoid"));
  }
}

TEST(Gates, SqueezeAndExciteStaysInBlocks) {
  if (!means_round_alike()) GTEST_SKIP() << "ONNX Runtime rounds otherwise here";
  for (const char* gate : {"HardSigmoid", "Sigmoid"}) {
    OnnxBuilder b = squeeze_and_excite({.gate = gate});
    EXPECT_EQ(write(b), 2u);
    EXPECT_THAT(operators(b), UnorderedElementsAre(kChannelMeansOperator, "Conv", "Relu", "Conv",
                                                   gate, kScaleChannelsOperator, "Relu"));
    const auto& scale = node_of(b, kScaleChannelsOperator);
    EXPECT_THAT(scale.input(), testing::ElementsAre("x", "gate"));
    EXPECT_EQ(b.graph().node(6).input(0), scale.output(0));
    for (const char* op : {kScaleChannelsOperator, kChannelMeansOperator}) {
      EXPECT_EQ(node_of(b, op).domain(), kOperatorDomain);
      EXPECT_EQ(node_of(b, op).attribute(0).i(), kBlock);
      EXPECT_EQ(node_of(b, op).attribute(1).i(), 20);
    }
  }
}

TEST(Gates, AGateInBlocksIsReadThere) {
  OnnxBuilder b;
  leave_blocks(b, "x", "plain");
  blocked(b, "GlobalAveragePool", "x", "mean");
  convolve(b, "mean", "c", 24);
  b.graph().mutable_node(2)->set_domain(kBlockedDomain);
  b.node("HardSigmoid", {"c"}, {"blocked_gate"});
  leave_blocks(b, "blocked_gate", "gate");
  b.node("Mul", {"plain", "gate"}, {"product"});
  blocked(b, "ReorderInput", "product", "back");
  b.node("Relu", {"back"}, {"y"});
  b.output("y", {-1, -1, -1, -1});
  EXPECT_EQ(write(b), 1u);
  EXPECT_THAT(node_of(b, kScaleChannelsOperator).input(),
              testing::ElementsAre("x", "blocked_gate"));
  EXPECT_THAT(operators(b), Not(Contains("ReorderOutput")));
}

TEST(Gates, WhoWantsTheProductOutsideTheBlocksGetsItByAConversion) {
  OnnxBuilder b = squeeze_and_excite();
  b.node("Neg", {"product"}, {"z"});
  b.output("z", {-1, -1, -1, -1});
  EXPECT_EQ(write(b), means_round_alike() ? 2u : 1u);
  const auto& conversion = node_of(b, "ReorderOutput");
  EXPECT_EQ(conversion.domain(), kBlockedDomain);
  EXPECT_EQ(conversion.output(0), "product");
  EXPECT_EQ(conversion.input(0), node_of(b, kScaleChannelsOperator).output(0));
}

TEST(Gates, AProductThatIsAnOutputOrReadByABodyKeepsItsName) {
  OnnxBuilder as_output = squeeze_and_excite();
  as_output.output("product", {-1, -1, -1, -1});
  OnnxBuilder body;
  body.node("Neg", {"product"}, {"inside"});
  body.output("inside", {-1, -1, -1, -1});
  OnnxBuilder in_body = squeeze_and_excite();
  in_body.node("If", {"condition"}, {"z"}).graph("then_branch", body.graph());
  in_body.output("z", {-1, -1, -1, -1});
  for (OnnxBuilder* b : {&as_output, &in_body}) {
    EXPECT_GE(write(*b), 1u);
    EXPECT_EQ(node_of(*b, "ReorderOutput").output(0), "product");
    EXPECT_EQ(node_of(*b, "ReorderOutput").input(0), node_of(*b, kScaleChannelsOperator).output(0));
  }
}

TEST(Gates, OtherProductsStay) {
  const auto keeps_mul = [](OnnxBuilder b, int64_t block = kBlock) {
    write(b, block);
    return testing::Value(operators(b), Contains("Mul"));
  };
  EXPECT_FALSE(keeps_mul(squeeze_and_excite()));
  EXPECT_TRUE(keeps_mul(squeeze_and_excite(), 0)) << "no blocks on this machine";
  EXPECT_TRUE(keeps_mul(squeeze_and_excite({.returns = false}))) << "nothing goes back to blocks";
  EXPECT_TRUE(keeps_mul(squeeze_and_excite({.mean_of = "other"}))) << "another tensor's mean";
  EXPECT_TRUE(keeps_mul(squeeze_and_excite({.mean = "Relu"}))) << "no mean";
  EXPECT_TRUE(keeps_mul(squeeze_and_excite({.gate_channels = 1}))) << "one gate for all channels";
  EXPECT_TRUE(keeps_mul(squeeze_and_excite({.gate = "Softmax"}))) << "an unknown step";
  EXPECT_TRUE(keeps_mul(squeeze_and_excite({.kernel = 3, .pad = 1}))) << "not position by position";
  EXPECT_TRUE(keeps_mul(squeeze_and_excite({.pad = 1}))) << "more positions than one";
}

TEST(Gates, AMeanOfATensorThatWasNeverInBlocksStays) {
  OnnxBuilder b;
  b.node("GlobalAveragePool", {"x"}, {"y"});
  b.output("y", {-1, -1, 1, 1});
  EXPECT_EQ(write(b), 0u);
  EXPECT_THAT(operators(b), UnorderedElementsAre("GlobalAveragePool"));
}

TEST(Gates, AConversionThatOthersReadStays) {
  if (!means_round_alike()) GTEST_SKIP() << "ONNX Runtime rounds otherwise here";
  OnnxBuilder b;
  leave_blocks(b, "x", "plain");
  b.node("GlobalAveragePool", {"plain"}, {"y"});
  b.node("Relu", {"plain"}, {"z"});
  b.output("y", {-1, -1, 1, 1});
  b.output("z", {-1, -1, -1, -1});
  EXPECT_EQ(write(b), 1u);
  EXPECT_THAT(operators(b), UnorderedElementsAre(kChannelMeansOperator, "ReorderOutput", "Relu"));
}

}  // namespace
}  // namespace rangefinder::engine
