#include "workflow/node_times.h"

#include <gmock/gmock.h>

#include <map>
#include <optional>

#include "base/error.h"
#include "support/memory_samples.h"
#include "workflow/compare.h"
#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using analysis::KernelPart;
using testing::DoubleNear;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

onnx::GraphProto chain(const std::vector<std::string>& operators) {
  onnx::GraphProto graph;
  std::string tensor = "x";
  for (const auto& op_type : operators) {
    auto* node = graph.add_node();
    node->set_op_type(op_type);
    node->set_name(op_type + std::to_string(graph.node_size()));
    node->add_input(tensor);
    node->add_output(tensor = "t" + std::to_string(graph.node_size()));
  }
  return graph;
}

std::vector<report::NodeRow> rows_for(const onnx::GraphProto& graph) {
  std::vector<report::NodeRow> rows;
  for (const auto& node : graph.node()) {
    rows.push_back({.name = node.name(),
                    .op_type = node.op_type(),
                    .kernel = node.op_type() == "Conv" ? "integer" : "other"});
  }
  return rows;
}

TimedKernel kernel(const char* op_type, std::vector<int> nodes, double us) {
  return {
      {.name = op_type, .op_type = op_type, .part = KernelPart::kNodes, .nodes = std::move(nodes)},
      us * 1e-6};
}

TimedKernel helper(const char* op_type, KernelPart part, double us) {
  return {{.name = op_type, .op_type = op_type, .part = part}, us * 1e-6};
}

TEST(TellTimes, WhatAKernelOfEitherModelComputesIsToldTogether) {
  const auto graph = chain({"Conv", "Relu", "Add", "Relu", "MaxPool"});
  auto rows = rows_for(graph);
  const auto times =
      tell_times(graph,
                 {.real = {kernel("Conv", {0, 1}, 10), kernel("Add", {2}, 3),
                           kernel("Relu", {3}, 2), kernel("MaxPool", {4}, 5)},
                  .quantized = {kernel("QLinearConv", {0}, 4), kernel("Relu", {1}, 1),
                                kernel("QLinearAdd", {2, 3}, 6), kernel("MaxPool", {4}, 1)},
                  .runs = 7},
                 rows);
  EXPECT_THAT(*rows[0].float_us, DoubleNear(10, 1e-9));
  EXPECT_THAT(*rows[0].int8_us, DoubleNear(5, 1e-9));
  EXPECT_EQ(rows[1].timed_with, "Conv1");
  EXPECT_FALSE(rows[1].float_us || rows[1].int8_us);
  EXPECT_THAT(*rows[2].float_us, DoubleNear(5, 1e-9)) << "Add and Relu are one in int8";
  EXPECT_THAT(*rows[2].int8_us, DoubleNear(6, 1e-9));
  EXPECT_EQ(rows[3].timed_with, "Add3");
  EXPECT_TRUE(rows[4].timed_with.empty());
  EXPECT_THAT(times.float_us, DoubleNear(20, 1e-9));
  EXPECT_THAT(times.int8_us, DoubleNear(12, 1e-9));
  EXPECT_EQ(times.runs, 7u);
  EXPECT_THAT(times.others, IsEmpty());
}

TEST(TellTimes, TheNodeWithWeightsTellsForThoseBeforeIt) {
  const auto graph = chain({"Pad", "Conv"});
  auto rows = rows_for(graph);
  tell_times(graph, {.real = {kernel("Conv", {0, 1}, 10)}, .quantized = {}}, rows);
  EXPECT_EQ(rows[0].timed_with, "Conv2");
  EXPECT_THAT(*rows[1].float_us, DoubleNear(10, 1e-9));
  EXPECT_FALSE(rows[1].int8_us) << "no kernel, no time";
}

TEST(TellTimes, OthersAreAddedUpByOperator) {
  const auto graph = chain({"Conv", "Softmax"});
  auto rows = rows_for(graph);
  rows.pop_back();
  const auto times = tell_times(
      graph,
      {.real = {kernel("Conv", {0}, 10), helper("ReorderOutput", KernelPart::kLayout, 2),
                kernel("Softmax", {1}, 4)},
       .quantized = {kernel("QLinearConv", {0}, 10),
                     helper("QuantizeLinear", KernelPart::kCodes, 1),
                     helper("QuantizeLinear", KernelPart::kCodes, 2), kernel("Softmax", {1}, 3),
                     helper("Mystery", KernelPart::kUnknown, 9)}},
      rows);
  std::map<std::string, report::OtherTimeRow> found;
  for (const auto& row : times.others) found[row.op_type] = row;
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found["ReorderOutput"].kind, "layout");
  EXPECT_EQ(found["ReorderOutput"].float_count, 1u);
  EXPECT_EQ(found["QuantizeLinear"].kind, "codes");
  EXPECT_EQ(found["QuantizeLinear"].int8_count, 2u);
  EXPECT_THAT(found["QuantizeLinear"].int8_us, DoubleNear(3, 1e-9));
  EXPECT_EQ(found["Softmax"].kind, "node");
  EXPECT_THAT(found["Softmax"].float_us, DoubleNear(4, 1e-9));
  EXPECT_THAT(found["Softmax"].int8_us, DoubleNear(3, 1e-9));
  EXPECT_EQ(found["Mystery"].kind, "node");
  EXPECT_EQ(times.others.front().op_type, "Mystery") << "the most first";
  EXPECT_THAT(times.int8_us, DoubleNear(25, 1e-9));
}

class NodeTimesTest : public WorkflowTest {
 protected:
  static double sum(const std::vector<report::NodeRow>& nodes, const report::NodeTimes& times,
                    std::optional<double> report::NodeRow::*node_us,
                    double report::OtherTimeRow::*other_us) {
    double total = 0;
    for (const auto& node : nodes) total += (node.*node_us).value_or(0);
    for (const auto& row : times.others) total += row.*other_us;
    return total;
  }

  static void expect_sums(const std::vector<report::NodeRow>& nodes,
                          const report::NodeTimes& times) {
    EXPECT_NEAR(sum(nodes, times, &report::NodeRow::float_us, &report::OtherTimeRow::float_us),
                times.float_us, 1e-6);
    EXPECT_NEAR(sum(nodes, times, &report::NodeRow::int8_us, &report::OtherTimeRow::int8_us),
                times.int8_us, 1e-6);
  }

  static std::vector<std::string> told(const std::vector<report::NodeRow>& nodes) {
    std::vector<std::string> names;
    for (const auto& node : nodes) {
      if (node.float_us && node.int8_us) names.push_back(node.op_type);
    }
    return names;
  }
};

TEST_F(NodeTimesTest, AreToldOfARunThatIsReported) {
  auto request = quantize_request("int8.onnx");
  EXPECT_FALSE(quantize(request).summary.node_times) << "not asked for";
  request.results.report = file("run.html");
  const auto summary = quantize(request).summary;
  ASSERT_TRUE(summary.node_times);
  EXPECT_GE(summary.node_times->runs, 3u);
  EXPECT_EQ(summary.node_times->threads, 1);
  expect_sums(summary.nodes, *summary.node_times);
  EXPECT_THAT(told(summary.nodes), testing::IsSupersetOf({"Conv", "Gemm", "Gemm"}));
  EXPECT_EQ(summary.nodes[1].op_type, "Relu");
  EXPECT_EQ(summary.nodes[1].timed_with, summary.nodes[0].name);
}

TEST_F(NodeTimesTest, AreToldOnRequestAndNotWithoutASample) {
  auto request = quantize_request("int8.onnx");
  request.node_times = true;
  EXPECT_TRUE(quantize(request).summary.node_times);
  request.split.most_held_out = 0;
  request.split.samples.reset();
  const auto summary = quantize(request).summary;
  EXPECT_FALSE(summary.node_times);
  for (const auto& node : summary.nodes) EXPECT_FALSE(node.float_us || node.int8_us);
}

TEST_F(NodeTimesTest, OfAComparisonTellTheFloatModelsNodes) {
  quantize(quantize_request("int8.onnx"));
  CompareRequest request{.float_model = model(), .quantized_model = file("int8.onnx")};
  request.samples = open_input({samples()});
  EXPECT_THAT(compare(request).nodes, IsEmpty());
  request.node_times = true;
  const Comparison found = compare(request);
  ASSERT_TRUE(found.node_times);
  ASSERT_TRUE(found.latency) << "what the times add up to";
  expect_sums(found.nodes, *found.node_times);
  std::vector<std::string> integer;
  for (const auto& node : found.nodes) {
    if (node.kernel == "integer") integer.push_back(node.op_type);
  }
  EXPECT_THAT(integer, UnorderedElementsAre("Conv", "Gemm", "Gemm"));
}

TEST_F(NodeTimesTest, ThatNoSampleCanBeRunIsAnError) {
  quantize(quantize_request("int8.onnx"));
  const auto wrong = tensor::Tensor::from_floats({1, 4}, std::vector<float>(4));
  const test_support::MemorySamples samples({{{"x", wrong}}, {{"x", wrong}}});
  EXPECT_THROW(compare_node_times(model(), file("int8.onnx"), file("int8.onnx"), samples), Error);
  EXPECT_EQ(compare_node_times(model(), file("int8.onnx"), file("int8.onnx"),
                               test_support::MemorySamples({})),
            std::nullopt);
}

TEST_F(NodeTimesTest, OfAModelThatDoesNotLoadAreAnError) {
  write_file(file("broken.onnx"), "no model");
  EXPECT_THROW(compare_node_times(model(), file("broken.onnx"), file("broken.onnx"),
                                  *open_input({samples()}).list),
               Error);
}

}  // namespace
}  // namespace rangefinder::workflow
