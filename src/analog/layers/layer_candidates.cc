#include "analog/layers/layer_candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "graph/attributes.h"
#include "graph/constants.h"

namespace rangefinder::analog {
namespace {

/// Rows and columns exchanged.
std::vector<float> transposed(std::span<const float> values, int64_t rows, int64_t columns) {
  std::vector<float> result(values.size());
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      result[static_cast<size_t>(c * rows + r)] = values[static_cast<size_t>(r * columns + c)];
    }
  }
  return result;
}

std::optional<tensor::Tensor> transposed(std::optional<tensor::Tensor> value,
                                         const onnx::NodeProto& node) {
  if (!value || value->type() != tensor::ElementType::kFloat32 || value->shape().size() != 2) {
    return std::nullopt;
  }
  const std::vector<int64_t> permutation = graph::ints_attribute(node, "perm");
  if (permutation == std::vector<int64_t>{0, 1}) return value;
  const int64_t rows = value->shape()[0];
  const int64_t columns = value->shape()[1];
  return tensor::Tensor::from_floats({columns, rows}, transposed(value->floats(), rows, columns));
}

Candidates one_layer(LayerCandidate candidate) { return std::vector{std::move(candidate)}; }

StaysDigital no_constant_operand(const graph::Graph& graph, const onnx::NodeProto& node) {
  if (constant_value(graph, input_name(node, 0))) {
    return {"the constant operand is the left one"};
  }
  return {"neither operand is constant"};
}

LayerCandidate linear_layer(const onnx::NodeProto& node, std::vector<float> weights,
                            int64_t outputs) {
  LayerCandidate candidate;
  AnalogLayer& layer = candidate.layer;
  layer.name = node.name();
  layer.module = module_name(node.input(1), node.name());
  layer.op_type = node.op_type();
  layer.sites.push_back({node.name(), node.input(0)});
  layer.outputs = outputs;
  layer.weights = std::move(weights);
  candidate.key = fmt::format("{}|{}|{}|{}", node.op_type(), node.input(1),
                              graph::int_attribute(node, "transB", 0),
                              graph::float_attribute(node, "alpha", 1.0f));
  return candidate;
}

}  // namespace

std::optional<tensor::Tensor> constant_value(const graph::Graph& graph, const std::string& name) {
  if (const auto* constant = graph::find_constant(graph, name)) {
    return graph::read_constant(*constant);
  }
  const onnx::NodeProto* producer = graph.producer(name);
  if (producer == nullptr) return std::nullopt;
  if (producer->op_type() == "Identity") return constant_value(graph, producer->input(0));
  if (producer->op_type() == "Transpose") {
    return transposed(constant_value(graph, producer->input(0)), *producer);
  }
  return std::nullopt;
}

std::string input_name(const onnx::NodeProto& node, int index) {
  return index < node.input_size() ? node.input(index) : std::string();
}

std::string module_name(const std::string& weight, const std::string& node) {
  constexpr std::string_view kSuffix = ".weight";
  if (weight.size() <= kSuffix.size() || !weight.ends_with(kSuffix)) return node;
  return weight.substr(0, weight.size() - kSuffix.size());
}

std::variant<tensor::Tensor, StaysDigital> float_weight(const graph::Graph& graph,
                                                        const std::string& name) {
  std::optional<tensor::Tensor> weight = constant_value(graph, name);
  if (!weight) return StaysDigital{"the weight is not constant"};
  if (weight->type() != tensor::ElementType::kFloat32) {
    return StaysDigital{
        fmt::format("the weight is {}; allowed: float32", tensor::element_name(weight->type()))};
  }
  const auto finite = [](float value) { return value - value == 0.0f; };
  if (!std::all_of(weight->floats().begin(), weight->floats().end(), finite)) {
    return StaysDigital{"the weight holds NaN or infinity"};
  }
  if (weight->element_count() == 0) return StaysDigital{"the weight is empty"};
  return std::move(*weight);
}

Candidates linear_candidates(const graph::Graph& graph, const onnx::NodeProto& node) {
  if (graph::int_attribute(node, "transA", 0) != 0) {
    return StaysDigital{"transA: the inputs are columns"};
  }
  if (!constant_value(graph, input_name(node, 1))) return no_constant_operand(graph, node);
  if (constant_value(graph, input_name(node, 0))) return StaysDigital{"its input is constant"};
  auto found = float_weight(graph, node.input(1));
  if (auto* digital = std::get_if<StaysDigital>(&found)) return *digital;
  const tensor::Tensor& weight = std::get<tensor::Tensor>(found);
  if (weight.shape().size() != 2) {
    return StaysDigital{"the weight is no matrix: " + tensor::to_string(weight.shape())};
  }
  const bool rows_are_outputs = graph::int_attribute(node, "transB", 0) != 0;
  const int64_t rows = weight.shape()[0];
  const int64_t columns = weight.shape()[1];
  std::vector<float> values(weight.floats().begin(), weight.floats().end());
  if (!rows_are_outputs) values = transposed(values, rows, columns);
  const float alpha = graph::float_attribute(node, "alpha", 1.0f);
  for (float& value : values) value *= alpha;
  return one_layer(linear_layer(node, std::move(values), rows_are_outputs ? rows : columns));
}

Candidates convolution_candidates(const graph::Graph& graph, const onnx::NodeProto& node) {
  if (constant_value(graph, input_name(node, 0))) return StaysDigital{"its input is constant"};
  auto found = float_weight(graph, input_name(node, 1));
  if (auto* digital = std::get_if<StaysDigital>(&found)) return *digital;
  const tensor::Tensor& weight = std::get<tensor::Tensor>(found);
  const size_t rank = weight.shape().size();
  if (rank < 3 || rank > 5) {
    return StaysDigital{fmt::format("{} spatial axes; allowed: 1 to 3", rank - 2)};
  }
  LayerCandidate candidate;
  AnalogLayer& layer = candidate.layer;
  layer.name = node.name();
  layer.module = module_name(node.input(1), node.name());
  layer.op_type = node.op_type();
  const ConvolutionAttributes attributes = graph::convolution_attributes(node, weight.shape());
  layer.sites.push_back({node.name(), node.input(0), InputPart::kWhole, 0, attributes});
  layer.outputs = weight.shape()[0];
  layer.groups = attributes.group;
  if (layer.groups < 1 || layer.outputs % layer.groups != 0) {
    return StaysDigital{"its outputs do not divide into its groups"};
  }
  layer.weights.assign(weight.floats().begin(), weight.floats().end());
  candidate.key = fmt::format("Conv|{}|{}", node.input(1), layer.groups);
  return one_layer(std::move(candidate));
}

}  // namespace rangefinder::analog
