#include "passes/weighted_obstacle.h"

#include "graph/attributes.h"
#include "graph/model_file.h"
#include "passes/gemm_bias.h"

namespace rangefinder::passes {
namespace {

std::string type_name(const TensorInfos& infos, const std::string& tensor) {
  const auto found = infos.find(tensor);
  return std::string(found == infos.end() ? "an unknown type"
                                          : tensor::element_name(found->second.type));
}

}  // namespace

std::string weighted_obstacle(const graph::Graph& graph, const TensorInfos& infos,
                              const onnx::NodeProto& node) {
  const auto is_constant = [&](int input) {
    return graph.initializer(node.input(input)) != nullptr;
  };
  if (!is_float(infos, node.output(0))) return "computes in " + type_name(infos, node.output(0));
  const bool is_product = node.op_type() == "MatMul" || node.op_type() == "Gemm";
  if (is_constant(0)) return is_product ? "its first factor is constant" : "its input is constant";
  if (node.op_type() == "MatMul") return {};
  if (!is_constant(1)) return "its weight is not constant";
  if (node.input_size() > 2 && !node.input(2).empty() && !is_constant(2)) {
    return "its bias is not constant";
  }
  if (node.op_type() == "Gemm") {
    if (graph::int_attribute(node, "transA", 0) != 0) return "its first factor is transposed";
    if (!has_row_bias(graph, node)) return "its bias is not one row";
  }
  return {};
}

}  // namespace rangefinder::passes
