#include "exporters/tables/read_summary.h"

#include "exporters/tables/sample_table.h"
#include "support/onnx_builder.h"

namespace rangefinder::exporters {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// x - Conv - Relu - Flatten - MatMul - y, and an Add of two tensors.
test_support::OnnxBuilder float_model() {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 1, 2, 2});
  b.initializer("w", {2, 1, 1, 1}, std::vector<float>{127, -254});
  b.initializer("v", {8, 1}, std::vector<float>(8, 63.5f));
  b.node("Conv", {"x", "w"}, {"c"});
  b.node("Relu", {"c"}, {"r"});
  b.node("Flatten", {"r"}, {"f"});
  b.node("MatMul", {"f", "v"}, {"y"});
  b.output("y", {-1, 1});
  return b;
}

std::string row(const std::string& name, const std::string& root, double scale, int offset,
                double low, double high) {
  return nlohmann::json{
      {"name", name}, {"root", root}, {"range", {low, high}}, {"scale", scale}, {"offset", offset}}
      .dump();
}

std::string summary(const std::string& float_nodes = "[]") {
  return R"({"schema_version": 1, "tensors": [)" + row("x", "x", 0.5, 128, -64, 63.5) + "," +
         row("r", "r", 0.25, 0, 0, 63.75) + "," + row("f", "r", 0.25, 0, 0, 63.75) +
         R"(], "float_nodes": )" + float_nodes + "}";
}

TEST(ReadSummary, CodesFollowFromRangeScaleAndOffset) {
  const TensorTable table = read_summary_table(summary(), "s.json");
  ASSERT_EQ(table.activations.size(), 3);
  EXPECT_EQ(table.activations[0].quant_min, 0);
  EXPECT_EQ(table.activations[0].quant_max, 255);
  EXPECT_EQ(table.activations[0].zero_point[0], 128);
  EXPECT_EQ(table.activations[2].root, "r");
  EXPECT_TRUE(table.layers.empty());
  const std::string int8 = R"({"tensors": [)" + row("a", "a", 0.5, 0, -64, 63.5) + "," +
                           row("b", "b", 0.5, 32768, -16384, 16383.5) + "]}";
  const TensorTable other = read_summary_table(int8, "s.json");
  EXPECT_EQ(other.activations[0].quant_min, -128);
  EXPECT_EQ(other.activations[1].bits(), 16);
}

TEST(ReadSummary, AFloatModelTellsLayersAndWeights) {
  const auto model = float_model();
  const TensorTable table =
      read_summary_table(summary(), "s.json", &test_support::OnnxBuilder(model).model());
  ASSERT_EQ(table.layers.size(), 3);
  EXPECT_EQ(table.layers[0].name, "Conv_c");
  EXPECT_EQ(table.layers[0].output, "r");
  EXPECT_EQ(table.layers[2].weight, "v");
  ASSERT_EQ(table.parameters.size(), 2);
  EXPECT_THAT(table.parameters[0].scale, ElementsAre(1, 2));
  EXPECT_THAT(table.parameters[1].scale, ElementsAre(0.5f));
  EXPECT_THAT(table.input_shape, ElementsAre(-1, 1, 2, 2));
}

TEST(ReadSummary, NodesThatStayedFloatAreNoLayers) {
  auto model = float_model();
  const TensorTable table =
      read_summary_table(summary(R"([{"name": "Conv_c", "op_type": "Conv", "reason": "x"}])"),
                         "s.json", &model.model());
  EXPECT_EQ(table.layers.size(), 2);
  EXPECT_EQ(table.parameters.size(), 1);
}

TEST(ReadSummary, AnotherModelIsRefused) {
  test_support::OnnxBuilder other;
  other.input("a", {1});
  other.node("Relu", {"a"}, {"b"});
  const Error error = error_of([&] { read_summary_table(summary(), "s.json", &other.model()); });
  EXPECT_THAT(error.what(), HasSubstr("none of its 3 activations"));
}

TEST(ReadSummary, WhatIsNoSummaryIsRefused) {
  const auto complaint = [](const std::string& text) {
    const Error error = error_of([&] { read_summary_table(text, "s.json"); });
    EXPECT_EQ(error.place().file, "s.json");
    return std::string(error.what());
  };
  const auto with = [](const std::string& rows) { return R"({"tensors": [)" + rows + "]}"; };
  EXPECT_THAT(complaint(""), HasSubstr("s.json"));
  EXPECT_THAT(complaint("{\"tensors\": ["), HasSubstr("s.json"));
  EXPECT_THAT(complaint("{}"), HasSubstr("'tensors'"));
  EXPECT_THAT(complaint("[]"), HasSubstr("no summary"));
  EXPECT_THAT(complaint(R"({"tensors": 1})"), HasSubstr("no list"));
  EXPECT_THAT(complaint(with("1")), HasSubstr("'name'"));
  EXPECT_THAT(complaint(with(row("a", "b", 1, 0, 0, 255))), HasSubstr("'b'"));
  EXPECT_THAT(complaint(with(row("a", "a", 0, 0, 0, 255))), HasSubstr("scale is 0"));
  EXPECT_THAT(complaint(with(row("a", "a", -1, 0, 0, 255))), HasSubstr("scale is -1"));
  EXPECT_THAT(complaint(with(row("a", "a", 1e-20, 0, 0, 255))), HasSubstr("fit together"));
  EXPECT_THAT(complaint(with(row("a", "a", 1, 0, 255, 0))), HasSubstr("range"));
  EXPECT_THAT(complaint(with(row("a", "a", 1, 0, 0, 255) + "," + row("a", "a", 1, 0, 0, 255))),
              HasSubstr("twice"));
}

}  // namespace
}  // namespace rangefinder::exporters
