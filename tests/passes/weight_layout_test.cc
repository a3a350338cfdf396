#include "passes/weight_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "support/onnx_builder.h"

namespace rangefinder::passes {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;

/// For each place in the order of the kernels the place in the weight's own.
std::vector<float> places(const WeightLayout& layout) {
  std::vector<float> weight(layout.channels * layout.channel_size());
  std::iota(weight.begin(), weight.end(), 0.0f);
  return layout.arrange(weight);
}

WeightLayout layout(const std::string& op_type, const tensor::Shape& shape, int64_t groups = 1,
                    int64_t transposed = 0) {
  OnnxBuilder b;
  auto node = b.node(op_type, {"x", "w"}, {"y"});
  if (op_type.starts_with("Conv")) node.integer("group", groups);
  if (op_type == "Gemm") node.integer("transB", transposed);
  return weight_layout(b.graph().node(0), shape);
}

TEST(WeightLayout, ConvolutionsGoThroughChannelsBeforePositions) {
  const WeightLayout conv = layout("Conv", {2, 3, 1, 2});
  EXPECT_EQ(conv.axis, 0);
  EXPECT_TRUE(conv.adds_pairs);
  EXPECT_EQ(conv.channels, 2u);
  EXPECT_EQ(conv.dots, 1u);
  EXPECT_EQ(conv.dot_size, 6u);
  EXPECT_EQ(conv.inputs, 3u);
  EXPECT_THAT(places(conv), ElementsAre(0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11));
}

TEST(WeightLayout, DepthwiseConvolutionsAddNoPairs) {
  EXPECT_FALSE(layout("Conv", {4, 1, 3, 3}, 4).adds_pairs);
  EXPECT_TRUE(layout("Conv", {8, 1, 3, 3}, 4).adds_pairs);
  EXPECT_TRUE(layout("Conv", {1, 1, 3, 3}, 1).adds_pairs);
  EXPECT_EQ(layout("Conv", {4, 1, 3, 3}, 4).inputs, 1u);
}

/// [inputs, outputs, window]: the elements of a channel lie apart.
TEST(WeightLayout, TransposedConvolutionsHaveTheirChannelsOnTheSecondAxis) {
  const WeightLayout whole = layout("ConvTranspose", {3, 2, 1, 2});
  EXPECT_EQ(whole.axis, 1);
  EXPECT_EQ(whole.channels, 2u);
  EXPECT_EQ(whole.channel_size(), 6u);
  EXPECT_EQ(whole.inputs, 3u);
  EXPECT_THAT(places(whole), ElementsAre(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11));
  const WeightLayout groups = layout("ConvTranspose", {4, 1, 1, 2}, 2);
  EXPECT_EQ(groups.axis, std::nullopt) << "no axis tells them apart";
  EXPECT_EQ(groups.channels, 2u);
  EXPECT_EQ(groups.inputs, 2u);
  EXPECT_THAT(places(groups), ElementsAre(0, 2, 1, 3, 4, 6, 5, 7));
}

TEST(WeightLayout, MatricesHaveAChannelForEachColumnOrRow) {
  const WeightLayout plain = layout("MatMul", {3, 2});
  EXPECT_EQ(plain.axis, 1);
  EXPECT_EQ(plain.channels, 2u);
  EXPECT_EQ(plain.dot_size, 3u);
  EXPECT_EQ(plain.inputs, 3u);
  EXPECT_THAT(places(plain), ElementsAre(0, 2, 4, 1, 3, 5));
  const WeightLayout transposed = layout("Gemm", {2, 3}, 1, 1);
  EXPECT_EQ(transposed.axis, 0);
  EXPECT_EQ(transposed.channels, 2u);
  EXPECT_EQ(transposed.inputs, 3u);
  EXPECT_THAT(places(transposed), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(WeightLayout, VectorsAndStacksShareOneScale) {
  const WeightLayout vector = layout("MatMul", {3});
  EXPECT_EQ(vector.axis, std::nullopt);
  EXPECT_EQ(vector.channels, 1u);
  EXPECT_EQ(vector.dot_size, 3u);
  EXPECT_THAT(places(vector), ElementsAre(0, 1, 2));
  const WeightLayout stack = layout("MatMul", {2, 3, 2});
  EXPECT_EQ(stack.axis, std::nullopt);
  EXPECT_EQ(stack.channels, 1u);
  EXPECT_EQ(stack.dots, 4u);
  EXPECT_EQ(stack.dot_size, 3u);
  EXPECT_THAT(places(stack), ElementsAre(0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11));
}

TEST(WeightLayout, ElementsOfLargeMatricesKeepTheirPlaces) {
  constexpr size_t kRows = 37;
  constexpr size_t kColumns = 53;
  const auto order = places(layout("MatMul", {kRows, kColumns}));
  for (size_t c = 0; c < kColumns; ++c) {
    for (size_t k = 0; k < kRows; ++k) EXPECT_EQ(order[c * kRows + k], k * kColumns + c);
  }
}

TEST(WeightLayout, CodesAreArrangedAsWeightsAreAndComeBack) {
  const tensor::Shape shapes[] = {{5, 3, 2, 3}, {4, 17, 1, 1}, {2, 1, 3, 3}};
  for (const auto& shape : shapes) {
    const WeightLayout conv = layout("Conv", shape);
    std::vector<int8_t> codes(conv.channels * conv.channel_size());
    std::iota(codes.begin(), codes.end(), int8_t{0});
    const auto arranged = conv.arrange(codes);
    const auto order = places(conv);
    for (size_t i = 0; i < codes.size(); ++i)
      EXPECT_EQ(arranged[i], codes[static_cast<size_t>(order[i])]);
    EXPECT_EQ(conv.restore(arranged), codes);
  }
  const WeightLayout groups = layout("ConvTranspose", {6, 5, 2, 3}, 3);
  std::vector<int8_t> codes(groups.channels * groups.channel_size());
  std::iota(codes.begin(), codes.end(), int8_t{0});
  EXPECT_EQ(groups.restore(groups.arrange(codes)), codes);
}

}  // namespace
}  // namespace rangefinder::passes
