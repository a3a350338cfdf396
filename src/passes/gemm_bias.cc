#include "passes/gemm_bias.h"

#include <algorithm>

#include "graph/attributes.h"
#include "graph/graph.h"
#include "passes/append_node.h"
#include "passes/constant_range.h"

namespace rangefinder::passes {

bool has_row_bias(const graph::Graph& graph, const onnx::NodeProto& gemm) {
  if (gemm.input_size() < 3 || gemm.input(2).empty()) return true;
  const auto* constant = graph.initializer(gemm.input(2));
  if (!constant) return false;
  const auto& dims = constant->dims();
  return std::all_of(dims.begin(), dims.end() - (dims.empty() ? 0 : 1),
                     [](int64_t dimension) { return dimension == 1; });
}

namespace {

/// A Relu that alone reads the product keeps what is negative out of the codes.
OutputBound bound_behind(const graph::Graph& graph, const onnx::NodeProto& gemm) {
  if (!graph.is_private(gemm.output(0))) return {};
  return {.is_from_zero = graph.uses(gemm.output(0)).front().node->op_type() == "Relu"};
}

}  // namespace

void split_gemm_bias(onnx::ModelProto& model, TensorInfos& infos) {
  graph::Graph graph(model);
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& gemm = *graph.message().mutable_node(i);
    if (gemm.op_type() != "Gemm" || !gemm.domain().empty()) continue;
    if (graph::float_attribute(gemm, "beta", 1) != 1) continue;
    const bool is_row = has_row_bias(graph, gemm);
    if (is_row && constant_obstacle(graph, gemm, bound_behind(graph, gemm)).empty()) continue;
    const std::string bias = gemm.input(2);
    graph.set_input(gemm, 2, "");
    gemm.mutable_input()->RemoveLast();
    const AppendedNames names = {gemm.output(0) + "_product", gemm.name() + "_bias"};
    append_node(graph, infos, gemm, "Add", names, {bias});
  }
  graph.finish();
}

}  // namespace rangefinder::passes
