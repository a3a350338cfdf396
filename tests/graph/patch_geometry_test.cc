#include "graph/patch_geometry.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "support/onnx_builder.h"

namespace rangefinder::graph {
namespace {

using testing::ElementsAre;

TEST(PatchGeometry, OfALinearLayerIsOneWindow) {
  const PatchGeometry geometry = linear_geometry(5);
  EXPECT_EQ(geometry.windows(), 1);
  EXPECT_EQ(geometry.features(), 5);
  const std::vector<float> row = {1, 2, 3, 4, 5};
  EXPECT_EQ(unfold(geometry, row), row);
}

TEST(PatchGeometry, OfAConvolutionFollowsItsAttributes) {
  const PatchGeometry geometry = convolution_geometry(
      {.kernel_shape = {3, 2}, .strides = {2, 1}, .dilations = {1, 3}, .pads = {1, 0, 0, 2}},
      std::vector<int64_t>{4, 6, 9, 7});
  EXPECT_EQ(geometry.channels, 6);
  EXPECT_THAT(geometry.output, ElementsAre(1, 4, 6));
  EXPECT_THAT(geometry.padding, ElementsAre(0, 1, 0));
  EXPECT_EQ(geometry.features(), 36);
}

TEST(PatchGeometry, AttributesOfANodeAreThoseItSetsAndItsWeightsKernel) {
  test_support::OnnxBuilder b;
  b.node("Conv", {"x", "w"}, {"y"})
      .ints("strides", {2, 1})
      .ints("dilations", {1, 3})
      .ints("pads", {1, 0, 0, 2})
      .integer("group", 2);
  const ConvolutionAttributes expected{.kernel_shape = {3, 2},
                                       .strides = {2, 1},
                                       .dilations = {1, 3},
                                       .pads = {1, 0, 0, 2},
                                       .group = 2};
  EXPECT_EQ(convolution_attributes(b.graph().node(0), {8, 3, 3, 2}), expected);
  test_support::OnnxBuilder plain;
  plain.node("Conv", {"x", "w"}, {"y"});
  EXPECT_EQ(convolution_attributes(plain.graph().node(0), {8, 3, 5}),
            ConvolutionAttributes{.kernel_shape = {5}});
}

TEST(PatchGeometry, SamePaddingPutsTheOddZeroWhereItSays) {
  ConvolutionAttributes attributes{.auto_pad = "SAME_UPPER", .kernel_shape = {4}};
  const std::vector<int64_t> shape = {1, 1, 10};
  EXPECT_EQ(convolution_geometry(attributes, shape).padding[2], 1);
  EXPECT_EQ(convolution_geometry(attributes, shape).output[2], 10);
  attributes.auto_pad = "SAME_LOWER";
  EXPECT_EQ(convolution_geometry(attributes, shape).padding[2], 2);
  attributes.auto_pad = "VALID";
  EXPECT_EQ(convolution_geometry(attributes, shape).output[2], 7);
}

TEST(Unfold, IsChannelMajorAndPadsWithZeros) {
  const PatchGeometry geometry =
      convolution_geometry({.kernel_shape = {2, 2}, .strides = {2, 2}, .pads = {1, 0, 0, 0}},
                           std::vector<int64_t>{1, 2, 1, 2});
  // One window: its upper line is padding, its lower line is the picture.
  EXPECT_THAT(unfold(geometry, std::vector<float>{1, 2, 3, 4}),
              ElementsAre(0, 0, 1, 2, 0, 0, 3, 4));
}

TEST(PatchGeometry, RefusesWhatDoesNotFit) {
  const auto refuses = [](const ConvolutionAttributes& attributes, std::vector<int64_t> shape) {
    EXPECT_THROW(convolution_geometry(attributes, shape), std::invalid_argument);
  };
  refuses({.kernel_shape = {3}}, {1, 2});
  refuses({.kernel_shape = {3}}, {1, 2, 3, 4});
  refuses({}, {1, 2, 3});
  refuses({.kernel_shape = {4}}, {1, 2, 3});
  refuses({.kernel_shape = {0}}, {1, 2, 3});
  refuses({.kernel_shape = {1}, .strides = {0}}, {1, 2, 3});
  refuses({.kernel_shape = {1}, .pads = {1}}, {1, 2, 3});
  refuses({.auto_pad = "SAME", .kernel_shape = {1}}, {1, 2, 3});
  refuses({.kernel_shape = {1, 1, 1, 1}}, {1, 2, 3, 3, 3, 3});
}

}  // namespace
}  // namespace rangefinder::graph
