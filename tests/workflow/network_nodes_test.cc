#include "workflow/network_nodes.h"

#include <gmock/gmock.h>

#include "workflow/fixture.h"

namespace rangefinder::workflow {
namespace {

using testing::ElementsAre;

using NetworkNodes = WorkflowTest;

TEST_F(NetworkNodes, AreTheWayFromInputToOutput) {
  const auto nodes = network_nodes(make_plan(model()), {});
  ASSERT_FALSE(nodes.empty());
  EXPECT_EQ(nodes.front().op_type, "Conv");
  EXPECT_EQ(nodes.front().kernel, "integer");
  EXPECT_THAT(nodes.front().inputs, ElementsAre("x"));
  EXPECT_EQ(nodes.back().op_type, "Gemm");
  EXPECT_THAT(nodes.back().inputs, ElementsAre("h"));
  size_t integer = 0;
  for (const auto& node : nodes) integer += node.kernel == "integer";
  EXPECT_EQ(integer, 3);
}

TEST_F(NetworkNodes, AFloatNodeSaysWhy) {
  const Plan plan = make_plan(model());
  const std::string name = plan.annotation.weighted.front().name;
  const auto nodes = network_nodes(plan, {{name, "Conv", "is left float for time"}});
  EXPECT_EQ(nodes.front().kernel, "float");
  EXPECT_EQ(nodes.front().reason, "is left float for time");
}

TEST_F(NetworkNodes, AreInTheSummaryOfARun) {
  const auto quantized = quantize(quantize_request("int8.onnx"));
  EXPECT_GE(quantized.summary.nodes.size(), 5);
  EXPECT_EQ(quantized.summary.nodes.front().kernel, "integer");
}

}  // namespace
}  // namespace rangefinder::workflow
