#include "passes/fold_affine.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::passes {
namespace {

using tensor::ElementType;
using tensor::Tensor;

/// One factor or summand per output channel, or none if the constant is laid out differently.
std::optional<std::vector<float>> per_channel(const onnx::TensorProto& constant, int64_t channels,
                                              size_t rank) {
  if (constant.data_type() != onnx::TensorProto::FLOAT) return std::nullopt;
  const Tensor value = graph::read_constant(constant);
  const auto floats = value.floats();
  if (value.shape().size() > rank) return std::nullopt;
  if (!std::all_of(floats.begin(), floats.end(), [](float x) { return std::isfinite(x); })) {
    return std::nullopt;
  }
  if (floats.size() == 1) return std::vector<float>(static_cast<size_t>(channels), floats[0]);
  // The only axis longer than 1 must be the channel's, `rank - 1` axes before the end.
  const auto& shape = value.shape();
  if (static_cast<int64_t>(floats.size()) != channels || shape.size() < rank - 1) {
    return std::nullopt;
  }
  if (shape[shape.size() - (rank - 1)] != channels) return std::nullopt;
  return std::vector<float>(floats.begin(), floats.end());
}

bool has_bias(const onnx::NodeProto& conv) {
  return conv.input_size() > 2 && !conv.input(2).empty();
}

struct Folding {
  onnx::NodeProto* convolution;
  onnx::NodeProto* affine;
  std::vector<float> values;
};

std::optional<Folding> find_folding(const graph::Graph& graph, onnx::NodeProto& affine) {
  if (affine.op_type() != "Mul" && affine.op_type() != "Add") return std::nullopt;
  if (!affine.domain().empty()) return std::nullopt;
  for (const int side : {0, 1}) {
    const auto* constant = graph.initializer(affine.input(side));
    onnx::NodeProto* conv = graph.producer(affine.input(1 - side));
    if (!constant || !conv || conv->op_type() != "Conv" || !conv->domain().empty()) continue;
    if (!graph.is_private(conv->output(0))) continue;
    const auto* weight = graph.initializer(conv->input(1));
    if (!weight || weight->data_type() != onnx::TensorProto::FLOAT) continue;
    if (has_bias(*conv) && !graph.initializer(conv->input(2))) continue;
    auto values = per_channel(*constant, weight->dims(0), static_cast<size_t>(weight->dims_size()));
    if (values) return Folding{conv, &affine, std::move(*values)};
  }
  return std::nullopt;
}

void multiply(Tensor& tensor, const std::vector<float>& factors) {
  const auto values = tensor.floats();
  const size_t inner = factors.empty() ? 0 : values.size() / factors.size();
  for (size_t i = 0; i < values.size(); ++i) values[i] *= factors[i / inner];
}

bool is_finite(const Tensor& tensor) {
  const auto values = tensor.floats();
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

struct Parameters {
  Tensor weight;
  Tensor bias;
};

/// Of the convolution with the affine in it; none if a product or sum leaves float32, where the two
/// nodes one after the other may not.
std::optional<Parameters> folded(const graph::Graph& graph, const Folding& folding) {
  const onnx::NodeProto& conv = *folding.convolution;
  const auto channels = static_cast<int64_t>(folding.values.size());
  Parameters result{graph::read_constant(*graph.initializer(conv.input(1))),
                    has_bias(conv) ? graph::read_constant(*graph.initializer(conv.input(2)))
                                   : Tensor(ElementType::kFloat32, {channels})};
  if (folding.affine->op_type() == "Mul") {
    multiply(result.weight, folding.values);
    multiply(result.bias, folding.values);
  } else {
    const auto values = result.bias.floats();
    std::transform(values.begin(), values.end(), folding.values.begin(), values.begin(),
                   std::plus<>());
  }
  if (!is_finite(result.weight) || !is_finite(result.bias)) return std::nullopt;
  return result;
}

void fold(graph::Graph& graph, const Folding& folding) {
  const auto parameters = folded(graph, folding);
  if (!parameters) return;
  onnx::NodeProto& conv = *folding.convolution;
  if (folding.affine->op_type() == "Mul") {
    const std::string name = graph.fresh_name(conv.input(1) + "_folded");
    graph.set_input(conv, 1, graph.add_initializer(graph::make_constant(name, parameters->weight)));
  }
  const std::string name =
      graph.fresh_name((has_bias(conv) ? conv.input(2) : conv.name() + "_bias") + "_folded");
  while (conv.input_size() < 3) conv.add_input("");
  graph.set_input(conv, 2, graph.add_initializer(graph::make_constant(name, parameters->bias)));
  const std::string output = folding.affine->output(0);
  graph.remove_node(*folding.affine);
  graph.rename_output(conv, 0, output);
}

}  // namespace

void fold_affine(onnx::ModelProto& model) {
  graph::Graph graph(model);
  // In graph order: a Mul behind a Conv is gone before the Add behind it is looked at.
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& node = *graph.message().mutable_node(i);
    if (const auto folding = find_folding(graph, node)) fold(graph, *folding);
  }
  graph.finish();
}

}  // namespace rangefinder::passes
