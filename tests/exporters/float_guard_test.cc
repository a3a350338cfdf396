#include "exporters/float_guard.h"

#include <functional>

#include "support/quantization_checks.h"

namespace rangefinder::exporters {
namespace {

using test_support::Kernels;
using test_support::OnnxBuilder;

/// Two convolutions "a" and "b", what `middle` makes of them ("z"), and a convolution behind.
onnx::ModelProto between_codes(const std::function<void(OnnxBuilder&)>& middle) {
  OnnxBuilder b;
  b.input("x", {1, 4, 8, 8});
  for (const char* name : {"a", "b"}) {
    b.weights(std::string(name) + "_w", {4, 4, 1, 1}, 0.6f);
    b.node("Conv", {"x", std::string(name) + "_w"}, {name});
  }
  b.weights("v", {4, 4, 1, 1}, 0.7f);
  middle(b);
  b.node("Conv", {"z", "v"}, {"y"});
  b.output("y", {-1, -1, -1, -1});
  return b.model();
}

struct Case {
  std::string op_type;
  std::vector<std::string> inputs;
  std::function<void(OnnxBuilder::Node)> complete;
  /// As which ONNX Runtime would compute it on codes.
  std::string kernel;
};

const std::vector<Case>& arithmetic() {
  static const auto nothing = [](OnnxBuilder::Node) {};
  static const std::vector<Case> kCases = {
      {"Add", {"a", "b"}, nothing, "QLinearAdd"},
      {"Mul", {"a", "b"}, nothing, "QLinearMul"},
      {"Concat", {"a", "b"}, [](auto node) { node.integer("axis", 2); }, "QLinearConcat"},
      {"AveragePool",
       {"a"},
       [](auto node) {
         node.ints("kernel_shape", {2, 2});
       },
       "QLinearAveragePool"},
      {"GlobalAveragePool", {"a"}, nothing, "QLinearGlobalAveragePool"},
      {"Sigmoid", {"a"}, nothing, "QLinearSigmoid"},
      {"LeakyRelu", {"a"}, [](auto node) { node.real("alpha", 0.2f); }, "QLinearLeakyRelu"},
      {"Softmax", {"a"}, [](auto node) { node.integer("axis", 1); }, "QLinearSoftmax"},
      {"MatMul", {"a", "b"}, nothing, "QLinearMatMul"},
  };
  return kCases;
}

TEST(FloatGuard, ExcludedArithmeticBetweenCodesComputesInFloat) {
  for (const Case& c : arithmetic()) {
    SCOPED_TRACE(c.op_type);
    const auto model =
        between_codes([&](OnnxBuilder& b) { c.complete(b.node(c.op_type, c.inputs, {"z"})); });
    test_support::check_quantization(
        model,
        {{c.op_type, 1}, {c.kernel, 0}, {"QLinearConv", 2 + static_cast<int>(c.inputs.size() - 1)}},
        20, {c.op_type + "_z"});
  }
}

/// DequantizeLinear sinks and QuantizeLinear rises through movers.
TEST(FloatGuard, AlsoWithMoversBetween) {
  const auto model = between_codes([](OnnxBuilder& b) {
    b.node("Transpose", {"a"}, {"t"}).ints("perm", {0, 2, 3, 1});
    b.node("Sigmoid", {"t"}, {"s"});
    b.node("Transpose", {"s"}, {"z"}).ints("perm", {0, 3, 1, 2});
  });
  test_support::check_quantization(model, {{"Sigmoid", 1}, {"QLinearSigmoid", 0}}, 20, {"s"});
}

/// What each node of this type reads in the optimized model, Transposes aside.
std::vector<std::string> reads_of(const onnx::ModelProto& quantized, const std::string& op_type) {
  onnx::ModelProto model =
      engine::optimize_model(engine::ModelSource(graph::serialize(quantized), ""),
                             engine::OptimizationLevel::kExtended)
          .model;
  const graph::Graph graph(model);
  std::vector<std::string> found;
  for (const auto& node : model.graph().node()) {
    if (node.op_type() != op_type) continue;
    const onnx::NodeProto* maker = graph.producer(node.input(0));
    while (maker != nullptr && maker->op_type() == "Transpose")
      maker = graph.producer(maker->input(0));
    const bool is_codes = maker != nullptr && (maker->op_type() == "QuantizeLinear" ||
                                               maker->op_type().starts_with("QLinear"));
    found.push_back(is_codes ? "codes" : "floats");
  }
  return found;
}

TEST(FloatGuard, ExcludedMoversMoveFloats) {
  const auto pooled = between_codes([](OnnxBuilder& b) {
    b.node("MaxPool", {"a"}, {"z"}).ints("kernel_shape", {2, 2});
  });
  auto quantized =
      test_support::check_quantization(pooled, {{"QLinearConv", 2}}, 25, {"MaxPool_z"});
  EXPECT_THAT(reads_of(quantized.model, "MaxPool"), testing::ElementsAre("floats"));
  const auto reshaped = between_codes([](OnnxBuilder& b) {
    b.initializer("shape", {4}, std::vector<int64_t>{1, 4, 4, 16});
    b.node("Reshape", {"a", "shape"}, {"z"});
  });
  quantized = test_support::check_quantization(reshaped, {{"QLinearConv", 2}}, 25, {"Reshape_z"});
  EXPECT_THAT(reads_of(quantized.model, "Reshape"), testing::ElementsAre("floats"));
  const auto gathered = between_codes([](OnnxBuilder& b) {
    b.initializer("indices", {3}, std::vector<int64_t>{1, 3, 5});
    b.node("Gather", {"a", "indices"}, {"z"}).integer("axis", 3);
  });
  quantized = test_support::check_quantization(gathered, {{"QLinearConv", 2}}, 25, {"Gather_z"});
  EXPECT_THAT(reads_of(quantized.model, "Gather"), testing::ElementsAre("floats"));
}

TEST(FloatGuard, ChainsAndBranchesOfExcludedNodes) {
  const auto model = between_codes([](OnnxBuilder& b) {
    b.node("Sigmoid", {"a"}, {"s"});
    b.node("Mul", {"a", "s"}, {"silu"});
    b.node("MaxPool", {"silu"}, {"p"}).ints("kernel_shape", {1, 1});
    b.node("Concat", {"p", "b"}, {"both"}).integer("axis", 2);
    b.node("AveragePool", {"both"}, {"z"}).ints("kernel_shape", {2, 2});
  });
  const Kernels in_float = {{"Sigmoid", 1},       {"Mul", 1},        {"Concat", 1},
                            {"AveragePool", 1},   {"MaxPool", 1},    {"QLinearSigmoid", 0},
                            {"QLinearConcat", 0}, {"QLinearMul", 0}, {"QLinearAveragePool", 0}};
  test_support::check_quantization(model, in_float, 20, {"s", "silu", "p", "both", "z"});
}

TEST(FloatGuard, NothingIsAddedWhereNothingWouldBeFused) {
  const auto model = between_codes([](OnnxBuilder& b) {
    b.node("Sigmoid", {"a"}, {"s"});
    b.node("Tanh", {"s"}, {"z"});
  });
  test_support::check_quantization(model, {{"Sigmoid", 1}, {"Max", 0}, {"Einsum", 0}}, 20, {"s"});
}

}  // namespace
}  // namespace rangefinder::exporters
