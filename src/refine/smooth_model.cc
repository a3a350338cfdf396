#include "refine/smooth_model.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <utility>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "refine/matmul_summand.h"

namespace rangefinder::refine {
namespace {

/// So many bytes of new weights stand in memory before they go into a file.
constexpr uint64_t kMostBytes = uint64_t{64} << 20;

bool is_transposed(const onnx::NodeProto& node) {
  return node.op_type() == "Gemm" && graph::int_attribute(node, "transB", 0) != 0;
}

class Smoother {
 public:
  Smoother(onnx::ModelProto& model, passes::TensorInfos& infos) : graph_(model), infos_(infos) {
    for (auto& node : *graph_.message().mutable_node()) nodes_[node.name()] = &node;
  }

  std::string smooth(const SmoothedNorm& norm) {
    const std::span<const int> exponents(norm.smoothing.exponents);
    for (const SmoothedReader& reader : norm.output.readers) {
      scale_rows(*nodes_.at(reader.node), exponents);
    }
    if (!norm.output.takes_scales()) return add_mul(norm.output, exponents);
    for (const auto& [node, input] : norm.output.constants) {
      scale_row(*nodes_.at(node), input, exponents);
    }
    return norm.output.output;
  }

  uint64_t new_bytes() const { return new_bytes_; }
  void finish() { graph_.finish(); }

 private:
  /// A constant with other values, for this node alone.
  void replace(onnx::NodeProto& node, int input, const tensor::Tensor& values) {
    const std::string name = graph_.fresh_name(node.input(input) + "_smoothed");
    new_bytes_ += values.floats().size() * sizeof(float);
    graph_.set_input(node, input, graph_.add_initializer(graph::make_constant(name, values)));
  }

  void scale_rows(onnx::NodeProto& node, std::span<const int> exponents) {
    tensor::Tensor matrix = graph::read_constant(*graph_.initializer(node.input(1)));
    const auto values = matrix.floats();
    const bool transposed = is_transposed(node);
    const size_t columns = values.size() / exponents.size();
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t channel = transposed ? i % exponents.size() : i / columns;
      values[i] = std::ldexp(values[i], exponents[channel]);
    }
    replace(node, 1, matrix);
  }

  void scale_row(onnx::NodeProto& node, int input, std::span<const int> exponents) {
    tensor::Tensor row = graph::read_constant(*graph_.initializer(node.input(input)));
    const auto values = row.floats();
    for (size_t c = 0; c < values.size(); ++c) values[c] = std::ldexp(values[c], -exponents[c]);
    replace(node, input, row);
  }

  std::string add_mul(const NormOutput& output, std::span<const int> exponents) {
    std::vector<float> factors;
    for (const int exponent : exponents) factors.push_back(std::ldexp(1.0f, -exponent));
    std::string smoothed = graph_.fresh_name(output.output + "_smoothed");
    const std::string row = graph_.add_initializer(graph::make_floats(
        graph_.fresh_name(smoothed + "_factors"), {static_cast<int64_t>(factors.size())}, factors));
    for (const auto& [node, input] : output.reads) {
      graph_.set_input(*nodes_.at(node), input, smoothed);
    }
    graph_.add_node("Mul", graph_.fresh_name(smoothed + "_Mul"), {output.output, row}, {smoothed});
    infos_[smoothed] = infos_[output.output];
    return smoothed;
  }

  graph::Graph graph_;
  passes::TensorInfos& infos_;
  std::unordered_map<std::string, onnx::NodeProto*> nodes_;
  uint64_t new_bytes_ = 0;
};

}  // namespace

ReadMatrix read_matrix(const graph::Graph& graph, const onnx::NodeProto& node) {
  const onnx::TensorProto& weight = *graph.initializer(node.input(1));
  const tensor::Tensor values = graph::read_constant(weight);
  const bool transposed = is_transposed(node);
  ReadMatrix matrix;
  matrix.rows = static_cast<size_t>(weight.dims(transposed ? 1 : 0));
  matrix.columns = static_cast<size_t>(weight.dims(transposed ? 0 : 1));
  matrix.is_mean_corrected = node.op_type() == "Gemm" || matmul_summand(graph, node).has_value();
  matrix.values.assign(values.floats().begin(), values.floats().end());
  if (!transposed) return matrix;
  for (size_t c = 0; c < matrix.rows; ++c) {
    for (size_t o = 0; o < matrix.columns; ++o) {
      matrix.values[c * matrix.columns + o] = values.floats()[o * matrix.rows + c];
    }
  }
  return matrix;
}

std::vector<std::string> smooth_model(engine::HeldModel& model, passes::TensorInfos& infos,
                                      const std::vector<SmoothedNorm>& norms) {
  std::vector<std::string> tensors;
  while (tensors.size() < norms.size()) {
    Smoother smoother(model.model, infos);
    while (tensors.size() < norms.size() && smoother.new_bytes() < kMostBytes) {
      tensors.push_back(smoother.smooth(norms[tensors.size()]));
    }
    smoother.finish();
    engine::move_weights_to_file(model);
  }
  return tensors;
}

}  // namespace rangefinder::refine
