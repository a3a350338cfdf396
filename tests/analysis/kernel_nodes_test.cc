#include "analysis/kernel_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/optimize.h"
#include "graph/model_file.h"
#include "support/onnx_builder.h"
#include "support/quantized_model.h"

namespace rangefinder::analysis {
namespace {

using test_support::OnnxBuilder;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

onnx::ModelProto optimized(const onnx::ModelProto& model) {
  return engine::optimize_model(engine::ModelSource(graph::serialize(model), "m.onnx"),
                                engine::OptimizationLevel::kAll)
      .model;
}

std::vector<std::string> names_of(const onnx::GraphProto& network, const std::vector<int>& nodes) {
  std::vector<std::string> names;
  for (const int node : nodes) names.push_back(network.node(node).name());
  return names;
}

/// Conv with Relu, Add with Relu, a pool, an activation written out, MatMul with Add.
OnnxBuilder network() {
  OnnxBuilder b;
  b.input("x", {1, 16, 8, 8});
  b.weights("w0", {16, 16, 3, 3}, 0.2f);
  b.weights("w1", {16, 16, 1, 1}, 0.2f);
  b.node("Conv", {"x", "w0"}, {"c0"}).ints("pads", {1, 1, 1, 1});
  b.node("Relu", {"c0"}, {"r0"});
  b.node("Conv", {"r0", "w1"}, {"c1"});
  b.node("Add", {"r0", "c1"}, {"a"});
  b.node("Relu", {"a"}, {"r1"});
  b.node("MaxPool", {"r1"}, {"m"}).ints("kernel_shape", {2, 2}).ints("strides", {2, 2});
  b.node("Transpose", {"m"}, {"t"}).ints("perm", {0, 2, 3, 1});
  b.weights("w2", {16, 8}, 0.2f);
  b.weights("b2", {8}, 0.2f);
  b.node("MatMul", {"t", "w2"}, {"p"});
  b.node("Add", {"p", "b2"}, {"s"});
  b.node("Sigmoid", {"s"}, {"g"});
  b.node("Mul", {"s", "g"}, {"y"});
  b.output("y", {1, 4, 4, 8});
  return b;
}

/// The nodes that kernels of each operator compute, one list for each kernel.
std::multimap<std::string, std::vector<std::string>> by_operator(
    const onnx::GraphProto& network, const std::vector<KernelNodes>& kernels) {
  std::multimap<std::string, std::vector<std::string>> found;
  for (const auto& kernel : kernels) {
    found.emplace(kernel.op_type, names_of(network, kernel.nodes));
  }
  return found;
}

std::vector<int> all_nodes(const std::vector<KernelNodes>& kernels) {
  std::set<int> nodes;
  for (const auto& kernel : kernels) nodes.insert(kernel.nodes.begin(), kernel.nodes.end());
  return {nodes.begin(), nodes.end()};
}

std::vector<int> counted(int count) {
  std::vector<int> numbers(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) numbers[static_cast<size_t>(i)] = i;
  return numbers;
}

TEST(KernelNodes, EachNodeOfAFloatModelIsInAKernel) {
  const auto model = network().model();
  const auto& graph = model.graph();
  const auto kernels = kernel_nodes(graph, graph, optimized(model).graph());
  EXPECT_EQ(all_nodes(kernels), counted(graph.node_size()));
  const auto found = by_operator(graph, kernels);
  EXPECT_THAT(found, Contains(testing::Pair("Conv", ElementsAre("Conv_c0", "Relu_r0"))))
      << "known by the tensor that it makes, which is Relu's";
  for (const auto& kernel : kernels) {
    EXPECT_NE(kernel.part, KernelPart::kUnknown) << kernel.name;
    EXPECT_EQ(kernel.part == KernelPart::kLayout, kernel.nodes.empty()) << kernel.name;
    if (kernel.nodes.empty() || !kernel.op_type.starts_with("Reorder")) continue;
    EXPECT_THAT(names_of(graph, kernel.nodes), ElementsAre("Transpose_t"))
        << "the way out of blocks is a Transpose at the same time";
  }
}

TEST(KernelNodes, AnOperatorWrittenOutIsOneKernel) {
  const auto model = network().model();
  const auto found = by_operator(
      model.graph(), kernel_nodes(model.graph(), model.graph(), optimized(model).graph()));
  const auto quick = found.find("QuickGelu");
  if (quick == found.end()) GTEST_SKIP() << "this ONNX Runtime does not fuse it";
  EXPECT_THAT(quick->second, ElementsAre("Sigmoid_g", "Mul_y"));
}

TEST(KernelNodes, StepsThatTheNetworkDoesNotKnowBelongToWhatTheyLeadTo) {
  OnnxBuilder file;
  file.input("x", {1, 16, 8, 8});
  file.weights("w", {16, 16, 3, 3}, 0.2f);
  file.initializer("two", {}, std::vector<float>{2});
  file.node("Conv", {"x", "w"}, {"c"}).ints("pads", {1, 1, 1, 1});
  file.node("Mul", {"c", "two"}, {"m"});
  file.output("m", {1, 16, 8, 8});
  OnnxBuilder network;  // The factor is in the weights.
  network.input("x", {1, 16, 8, 8});
  network.node("Conv", {"x", "w2"}, {"m"});
  network.output("m", {1, 16, 8, 8});
  const auto model = file.model();
  const auto kernels =
      kernel_nodes(network.model().graph(), model.graph(), optimized(model).graph());
  ASSERT_GE(kernels.size(), 2u);
  for (const auto& kernel : kernels) {
    if (kernel.op_type.starts_with("Reorder")) continue;
    EXPECT_THAT(kernel.nodes, ElementsAre(0)) << kernel.op_type;
  }
}

TEST(KernelNodes, CodesStandForTheirTensor) {
  auto b = network();
  const auto sample = test_support::random_sample(b.model(), 1);
  const auto quantized = test_support::quantize(b.model(), {sample});
  const auto& graph = quantized.prepared.model.graph();
  const auto kernels =
      kernel_nodes(graph, quantized.model.graph(), optimized(quantized.model).graph());
  const auto nodes = all_nodes(kernels);
  EXPECT_THAT(nodes, IsSupersetOf(counted(graph.node_size())));
  const auto found = by_operator(graph, kernels);
  EXPECT_THAT(found, Contains(testing::Pair("QLinearConv", ElementsAre("Conv_c0", "Relu_r0"))));
  EXPECT_THAT(found, Contains(testing::Pair("QuantizeLinear", IsEmpty())));
  for (const auto& kernel : kernels) {
    if (kernel.op_type != "QuantizeLinear" && kernel.op_type != "DequantizeLinear") continue;
    EXPECT_EQ(kernel.part, KernelPart::kCodes) << kernel.name;
  }
}

TEST(KernelNodes, OtherTensorsAreFoundByTheNamesOfNodes) {
  const auto model = network().model();
  onnx::ModelProto renamed = optimized(model);
  for (auto& node : *renamed.mutable_graph()->mutable_node()) {
    for (auto& name : *node.mutable_input()) name = "other/" + name;
    for (auto& name : *node.mutable_output()) name = "other/" + name;
  }
  const auto kernels = kernel_nodes(model.graph(), renamed.graph(), renamed.graph());
  for (const auto& kernel : kernels) {
    if (kernel.op_type == "MaxPool") continue;  // Called by its tensor in blocks.
    if (kernel.name == "Transpose_t") {
      EXPECT_THAT(names_of(model.graph(), kernel.nodes), ElementsAre("Transpose_t"));
    }
  }
  const auto nothing = kernel_nodes(OnnxBuilder().model().graph(), model.graph(), model.graph());
  ASSERT_EQ(nothing.size(), static_cast<size_t>(model.graph().node_size()));
  for (const auto& kernel : nothing) {
    EXPECT_EQ(kernel.part,
              kernel.op_type == "Transpose" ? KernelPart::kLayout : KernelPart::kUnknown);
  }
}

}  // namespace
}  // namespace rangefinder::analysis
