#include "engine/blocked_layout.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

#include "engine/observe_slots.h"
#include "support/onnx_builder.h"

namespace rangefinder::engine {
namespace {

using test_support::OnnxBuilder;

constexpr char kBlockedDomain[] = "com.microsoft.nchwc";

void observe(OnnxBuilder& b, const std::string& tensor, int64_t axis = -1,
             std::optional<int64_t> sum_axis = {}) {
  auto node = b.node(kObserveOperator, {tensor}, {"token"});
  node.integer(kTensorAttribute, 0).integer(kChannelAxisAttribute, axis);
  node.integer(kBlockAttribute, 0).integer(kChannelsAttribute, 0);
  node.integer(kKeepsSumsAttribute, sum_axis ? 1 : 0);
  node.integer(kSumAxisAttribute, sum_axis.value_or(-1));
  node.proto().set_domain(kOperatorDomain);
}

void reorder(OnnxBuilder& b, const std::string& from, const std::string& to, int64_t channels,
             bool channels_last = false) {
  auto node = b.node("ReorderOutput", {from}, {to});
  node.integer("channels", channels);
  if (channels_last) node.integer("channels_last", 1);
  node.proto().set_domain(kBlockedDomain);
}

const onnx::NodeProto& observer(const OnnxBuilder& b) {
  OnnxBuilder& mutable_builder = const_cast<OnnxBuilder&>(b);
  for (const auto& node : mutable_builder.graph().node()) {
    if (node.op_type() == kObserveOperator) return node;
  }
  throw std::logic_error("no Observe node");
}

int64_t attribute(const OnnxBuilder& b, const std::string& name) {
  for (const auto& attribute : observer(b).attribute()) {
    if (attribute.name() == name) return attribute.i();
  }
  throw std::logic_error("no attribute " + name);
}

std::multiset<std::string> operators(OnnxBuilder& b) {
  std::multiset<std::string> result;
  for (const auto& node : b.graph().node()) result.insert(node.op_type());
  return result;
}

TEST(BlockedLayout, BlocksAreOfThisMachinesVectorLength) {
  const int64_t block = channel_block();
  EXPECT_TRUE(block == 0 || block == 8 || block == 16 || block == 32) << block;
#if defined(__x86_64__)
  EXPECT_GT(block, 0);
#endif
}

TEST(BlockedLayout, ObservesBlocksAndDropsTheReorder) {
  OnnxBuilder b;
  b.node("Conv", {"x", "w"}, {"blocked"});
  reorder(b, "blocked", "plain", 12);
  observe(b, "plain");
  EXPECT_EQ(observe_before_conversion(b.graph(), 8), 1u);
  EXPECT_EQ(observer(b).input(0), "blocked");
  EXPECT_EQ(attribute(b, kBlockAttribute), 8);
  EXPECT_EQ(attribute(b, kChannelsAttribute), 12);
  EXPECT_EQ(operators(b), (std::multiset<std::string>{"Conv", "Observe"}));
}

TEST(BlockedLayout, AReorderThatSomebodyReadsStays) {
  for (const bool as_output : {true, false}) {
    OnnxBuilder b;
    reorder(b, "blocked", "plain", 8);
    if (as_output) {
      b.output("plain", {1, 8, 2, 2});
    } else {
      b.node("Flatten", {"plain"}, {"flat"});
    }
    observe(b, "plain");
    EXPECT_EQ(observe_before_conversion(b.graph(), 8), 1u);
    EXPECT_EQ(observer(b).input(0), "blocked");
    EXPECT_EQ(operators(b).count("ReorderOutput"), 1u);
  }
}

TEST(BlockedLayout, AReorderThatABodyReadsStays) {
  OnnxBuilder body;
  body.node("Relu", {"plain"}, {"inside"});
  OnnxBuilder b;
  reorder(b, "blocked", "plain", 8);
  b.node("If", {"condition"}, {"y"}).graph("then_branch", body.graph());
  observe(b, "plain");
  EXPECT_EQ(observe_before_conversion(b.graph(), 8), 1u);
  EXPECT_EQ(operators(b).count("ReorderOutput"), 1u);
}

TEST(BlockedLayout, ChannelsMayBeCountedApartButNoOtherAxis) {
  for (const bool last : {false, true}) {
    for (const int64_t axis : {0, 1, 2, 3}) {
      OnnxBuilder b;
      reorder(b, "blocked", "plain", 8, last);
      observe(b, "plain", axis);
      const bool serves = axis == (last ? 3 : 1);
      EXPECT_EQ(observe_before_conversion(b.graph(), 8), serves ? 1u : 0u) << axis;
      EXPECT_EQ(observer(b).input(0), serves ? "blocked" : "plain");
    }
  }
}

TEST(BlockedLayout, ChannelsMayBeAddedUpButNoOtherAxis) {
  for (const bool last : {false, true}) {
    for (const int64_t axis : {0, 1, 2, 3, -1, -3}) {
      OnnxBuilder b;
      reorder(b, "blocked", "plain", 8, last);
      observe(b, "plain", -1, axis);
      const bool serves = (axis + 4) % 4 == (last ? 3 : 1);
      EXPECT_EQ(observe_before_conversion(b.graph(), 8), serves ? 1u : 0u) << axis;
      EXPECT_EQ(observer(b).input(0), serves ? "blocked" : "plain");
    }
  }
}

TEST(BlockedLayout, SumsFollowATranspositionThatKeepsTheSamples) {
  for (const bool keeps : {true, false}) {
    OnnxBuilder b;
    const std::vector<int64_t> kept = {0, 2, 3, 1};
    b.node("Transpose", {"plain"}, {"last"})
        .ints("perm", keeps ? kept : std::vector<int64_t>{2, 0, 3, 1});
    observe(b, "last", -1, -1);
    EXPECT_EQ(observe_before_conversion(b.graph(), 16), keeps ? 1u : 0u);
    EXPECT_EQ(attribute(b, kSumAxisAttribute), keeps ? 1 : -1);
    EXPECT_EQ(observer(b).input(0), keeps ? "plain" : "last");
  }
}

TEST(BlockedLayout, GoesPastATranspositionThatOnlyObserversRead) {
  OnnxBuilder b;
  reorder(b, "blocked", "plain", 8);
  b.node("Transpose", {"plain"}, {"last"}).ints("perm", {0, 2, 3, 1});
  observe(b, "last", 3);
  EXPECT_EQ(observe_before_conversion(b.graph(), 16), 1u);
  EXPECT_EQ(observer(b).input(0), "blocked");
  EXPECT_EQ(attribute(b, kChannelAxisAttribute), 1);
  EXPECT_EQ(operators(b), std::multiset<std::string>{"Observe"});
}

TEST(BlockedLayout, StaysBehindATranspositionOfTheModel) {
  OnnxBuilder b;
  b.node("Transpose", {"x"}, {"y"}).ints("perm", {1, 0});
  b.node("Relu", {"y"}, {"z"});
  observe(b, "y");
  EXPECT_EQ(observe_before_conversion(b.graph(), 8), 0u);
  EXPECT_EQ(observer(b).input(0), "y");
}

TEST(BlockedLayout, WhereTheOrderMattersOnlyChannelBlocksAreRead) {
  OnnxBuilder b;
  reorder(b, "blocked", "plain", 12);
  observe(b, "plain");
  EXPECT_EQ(observe_before_conversion(b.graph(), 8, Layouts::kChannelBlocks), 1u);
  EXPECT_EQ(observer(b).input(0), "blocked");
  EXPECT_EQ(attribute(b, kChannelsAttribute), 12);
  OnnxBuilder last;
  reorder(last, "blocked", "plain", 8, true);
  observe(last, "plain");
  EXPECT_EQ(observe_before_conversion(last.graph(), 8, Layouts::kChannelBlocks), 0u);
  OnnxBuilder transposed;
  reorder(transposed, "blocked", "plain", 8);
  transposed.node("Transpose", {"plain"}, {"last"}).ints("perm", {0, 2, 3, 1});
  observe(transposed, "last");
  EXPECT_EQ(observe_before_conversion(transposed.graph(), 8, Layouts::kChannelBlocks), 0u);
  EXPECT_EQ(observer(transposed).input(0), "last");
}

TEST(BlockedLayout, WithoutBlocksOnlyTranspositionsAreSkipped) {
  OnnxBuilder b;
  reorder(b, "blocked", "plain", 8);
  observe(b, "plain");
  EXPECT_EQ(observe_before_conversion(b.graph(), 0), 0u);
  EXPECT_EQ(observer(b).input(0), "plain");
}

}  // namespace
}  // namespace rangefinder::engine
