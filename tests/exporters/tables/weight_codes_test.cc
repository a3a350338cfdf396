#include "exporters/tables/weight_codes.h"

#include <limits>

#include "exporters/tables/sample_table.h"
#include "support/onnx_builder.h"

namespace rangefinder::exporters {
namespace {

using test_support::OnnxBuilder;
using testing::ElementsAre;

onnx::NodeProto node(const std::string& type) {
  onnx::NodeProto node;
  node.set_op_type(type);
  node.set_name("n");
  return node;
}

onnx::NodeProto with(onnx::NodeProto node, const std::string& name, int64_t value) {
  OnnxBuilder::Node(&node).integer(name, value);
  return node;
}

TEST(WeightCodes, OutputChannelsLieWhereTheOperatorHasThem) {
  EXPECT_EQ(output_channel_axis(node("Conv"), 4), 0);
  EXPECT_EQ(output_channel_axis(node("ConvTranspose"), 4), 1);
  EXPECT_EQ(output_channel_axis(with(node("ConvTranspose"), "group", 2), 4), std::nullopt);
  EXPECT_EQ(output_channel_axis(node("Gemm"), 2), 1);
  EXPECT_EQ(output_channel_axis(with(node("Gemm"), "transB", 1), 2), 0);
  EXPECT_EQ(output_channel_axis(node("MatMul"), 2), 1);
  EXPECT_EQ(output_channel_axis(node("MatMul"), 3), std::nullopt);
  EXPECT_EQ(output_channel_axis(node("Add"), 2), std::nullopt);
}

TEST(WeightCodes, ScalesAreTheLargestMagnitudesOver127) {
  const auto weight = OnnxBuilder::float_tensor("w", {2, 3}, {127, -254, 0, 1, 2, 0});
  EXPECT_THAT(weight_codes(node("Gemm"), "w", weight).scale, ElementsAre(1, 2, 1)) << "zeros get 1";
  const auto rows = weight_codes(with(node("Gemm"), "transB", 1), "w", weight);
  EXPECT_THAT(rows.scale, ElementsAre(2, 2 / 127.0f));
  EXPECT_EQ(rows.axis, 0);
  EXPECT_THAT(rows.zero_point, ElementsAre(0, 0));
  EXPECT_THAT(weight_codes(node("Add"), "w", weight).scale, ElementsAre(2)) << "one for all";
}

TEST(WeightCodes, AConvolutionsChannelsAreBlocks) {
  const auto weight = OnnxBuilder::float_tensor("w", {2, 1, 1, 3}, {1, -2, 3, -6, 5, 4});
  EXPECT_THAT(weight_codes(node("Conv"), "w", weight).scale, ElementsAre(3 / 127.0f, 6 / 127.0f));
  const auto transposed = OnnxBuilder::float_tensor("w", {2, 3, 1, 1}, {1, -2, 3, -6, 5, 4});
  EXPECT_THAT(weight_codes(node("ConvTranspose"), "w", transposed).scale,
              ElementsAre(6 / 127.0f, 5 / 127.0f, 4 / 127.0f));
}

TEST(WeightCodes, NaNAndInfinityAreNamed) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const auto weight = OnnxBuilder::float_tensor("w", {2, 2}, {1, bad, 3, 4});
    const Error error = error_of([&] { weight_codes(node("Gemm"), "w", weight); });
    EXPECT_EQ(error.place().node, "n");
    EXPECT_EQ(error.place().tensor, "w");
  }
}

}  // namespace
}  // namespace rangefinder::exporters
