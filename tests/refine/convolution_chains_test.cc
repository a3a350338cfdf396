#include "refine/convolution_chains.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "passes/prepare.h"
#include "support/onnx_builder.h"

namespace rangefinder::refine {
namespace {

using test_support::OnnxBuilder;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

std::vector<ScalableChannels> chains_of(const OnnxBuilder& b,
                                        const std::string& target = "ort-cpu") {
  auto prepared = passes::prepare({b.bytes(), ""});
  graph::Graph graph(prepared.model);
  const auto& profile = targets::find_target(target);
  const auto annotation = passes::annotate(graph, prepared.infos, profile);
  return convolution_chains(graph, annotation, prepared.infos, profile);
}

std::vector<std::string> reader_names(const ScalableChannels& channels) {
  std::vector<std::string> names;
  for (const auto& reader : channels.readers) names.push_back(reader.node);
  return names;
}

/// x -> first -> what `middle` makes -> second, by channel -> y, all with 4 channels.
OnnxBuilder between(const std::function<std::string(OnnxBuilder&, const std::string&)>& middle) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w1", {4, 3, 3, 3});
  b.weights("b1", {4});
  b.weights("w2", {4, 1, 1, 1});
  b.node("Conv", {"x", "w1", "b1"}, {"made"}).proto().set_name("first");
  const std::string read = middle(b, "made");
  b.node("Conv", {read, "w2"}, {"y"}).integer("group", 4).proto().set_name("second");
  b.output("y", {1, 4, -1, -1});
  return b;
}

TEST(ConvolutionChains, AreWhatConvolutionsMakeAndRead) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w1", {4, 3, 1, 1});
  b.weights("w2", {4, 1, 3, 3});
  b.weights("w3", {5, 4, 1, 1});
  b.node("Conv", {"x", "w1"}, {"c1"}).proto().set_name("wide");
  b.node("Relu", {"c1"}, {"r1"});
  b.node("Conv", {"r1", "w2"}, {"c2"}).integer("group", 4).proto().set_name("by_channel");
  b.node("Relu", {"c2"}, {"r2"});
  b.node("Conv", {"r2", "w3"}, {"y"}).proto().set_name("narrow");
  b.output("y", {1, 5, 6, 6});
  const auto found = chains_of(b);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_THAT(found[0].tensors, ElementsAre("c1", "r1"));
  EXPECT_THAT(found[0].observed, ElementsAre("r1"));
  EXPECT_THAT(reader_names(found[0]), ElementsAre("by_channel"));
  EXPECT_THAT(found[0].constants, ElementsAre(Pair("wide", 1)));
  EXPECT_EQ(found[0].maker, "wide");
  EXPECT_EQ(found[0].output, "c1");
  EXPECT_EQ(found[0].axis, 1);
  EXPECT_FALSE(found[0].upper);
  EXPECT_THAT(found[1].tensors, ElementsAre("c2", "r2"));
  EXPECT_THAT(found[1].constants, ElementsAre(Pair("by_channel", 1)));
}

TEST(ConvolutionChains, HoldAllThatIsAddedUp) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w1", {3, 3, 3, 3});
  b.weights("w2", {3, 1, 1, 1});
  b.weights("w3", {3, 3, 1, 1});
  b.weights("w4", {3, 2});
  b.node("Conv", {"x", "w1"}, {"c1"}).proto().set_name("n1");
  b.node("Conv", {"c1", "w2"}, {"c2"}).integer("group", 3).proto().set_name("n2");
  b.node("Add", {"c1", "c2"}, {"s"});
  b.node("Conv", {"s", "w3"}, {"c3"}).proto().set_name("n3");
  b.node("Add", {"s", "c3"}, {"t"});
  b.node("GlobalAveragePool", {"t"}, {"mean"});
  b.node("Flatten", {"mean"}, {"flat"});
  b.node("Gemm", {"flat", "w4"}, {"y"}).proto().set_name("n4");
  b.output("y", {1, 2});
  const auto found = chains_of(b);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].tensors, UnorderedElementsAre("c1", "c2", "s", "c3", "t", "mean", "flat"));
  EXPECT_THAT(reader_names(found[0]), UnorderedElementsAre("n2", "n3", "n4"));
  EXPECT_THAT(found[0].constants,
              UnorderedElementsAre(Pair("n1", 1), Pair("n2", 1), Pair("n3", 1)));
}

TEST(ConvolutionChains, GoThroughWhatPassesFactorsOn) {
  const std::vector<std::function<std::string(OnnxBuilder&, const std::string&)>> middles = {
      [](auto&, const auto& x) { return x; },
      [](auto& to, const auto& x) {
        to.node("LeakyRelu", {x}, {"z"});
        return "z";
      },
      [](auto& to, const auto& x) {
        to.weights("slope", {4, 1, 1});
        to.node("PRelu", {x, "slope"}, {"z"});
        return "z";
      },
      [](auto& to, const auto& x) {
        to.node("MaxPool", {x}, {"z"}).ints("kernel_shape", {2, 2});
        return "z";
      },
      [](auto& to, const auto& x) {
        to.weights("row", {4, 1, 1});
        to.node("Add", {x, "row"}, {"z"});
        return "z";
      },
      [](auto& to, const auto& x) {
        to.node("GlobalAveragePool", {x}, {"m"});
        to.weights("g", {4, 4, 1, 1});
        to.node("Conv", {"m", "g"}, {"n"});
        to.node("HardSigmoid", {"n"}, {"hard"});
        to.node("Mul", {x, "hard"}, {"z"});
        return "z";
      },
  };
  for (size_t i = 0; i < middles.size(); ++i) {
    const auto found = chains_of(between(middles[i]));
    ASSERT_EQ(found.size(), 1u) << i;
    EXPECT_THAT(found[0].constants, Contains(Pair("first", 1))) << i;
    EXPECT_THAT(found[0].constants, Contains(Pair("first", 2))) << i;
    EXPECT_THAT(reader_names(found[0]), Contains("second")) << i;
  }
}

TEST(ConvolutionChains, StopAtWhatBendsValues) {
  for (const char* op_type : {"Sigmoid", "HardSigmoid", "Tanh", "Exp", "Softplus", "Elu"}) {
    const auto found = chains_of(between([&](auto& to, const auto& x) {
      to.node(op_type, {x}, {"z"});
      return std::string("z");
    }));
    EXPECT_THAT(found, IsEmpty()) << op_type;
  }
}

TEST(ConvolutionChains, AreNoneThatTheOutsideSees) {
  OnnxBuilder b = between([](auto& to, const auto& x) {
    to.node("Relu", {x}, {"z"});
    to.output("z", {1, 4, 6, 6});
    return std::string("z");
  });
  EXPECT_THAT(chains_of(b), IsEmpty());
}

TEST(ConvolutionChains, AreNoneWhereOthersReadTheWeights) {
  OnnxBuilder b = between([](auto& to, const auto& x) {
    to.node("Relu", {x}, {"z"});
    return std::string("z");
  });
  b.node("Conv", {"x", "w1"}, {"other"});
  b.output("other", {1, 4, 6, 6});
  EXPECT_THAT(chains_of(b), IsEmpty());
}

TEST(ConvolutionChains, AreNoneWithoutConvolutionsByChannel) {
  OnnxBuilder b;
  b.input("x", {1, 3, 8, 8});
  b.weights("w1", {4, 3, 1, 1});
  b.weights("w2", {5, 4, 1, 1});
  b.node("Conv", {"x", "w1"}, {"c"});
  b.node("Relu", {"c"}, {"r"});
  b.node("Conv", {"r", "w2"}, {"y"});
  b.output("y", {1, 5, 8, 8});
  EXPECT_THAT(chains_of(b), IsEmpty());
}

TEST(ConvolutionChains, KnowWhereAClipBounds) {
  const auto clipped = [](float lower, float upper) {
    return between([=](auto& to, const auto& x) {
      to.initializer("lower", {}, std::vector<float>{lower});
      to.initializer("upper", {}, std::vector<float>{upper});
      to.node("Clip", {x, "lower", "upper"}, {"z"});
      return std::string("z");
    });
  };
  const auto found = chains_of(clipped(0, 6));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].upper, 6.0f);
  EXPECT_THAT(chains_of(clipped(-1, 6)), IsEmpty());
}

/// Targets that have one scale for all channels of a weight gain nothing by it.
TEST(ConvolutionChains, NeedAScaleForEachChannel) {
  const auto b = between([](auto& to, const auto& x) {
    to.node("Relu", {x}, {"z"});
    return std::string("z");
  });
  for (const auto& target : targets::all_targets()) {
    const auto found = chains_of(b, std::string(target.name));
    const bool has_scales = target.channel_scales != targets::ChannelScales::kNone;
    EXPECT_EQ(found.size(), has_scales ? 1u : 0u) << target.name;
  }
}

}  // namespace
}  // namespace rangefinder::refine
