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
#include "refine/weight_channels.h"

namespace rangefinder::refine {
namespace {

/// So many bytes of new weights stand in memory before they go into a file.
constexpr uint64_t kMostBytes = uint64_t{64} << 20;

bool is_weight(const onnx::NodeProto& node, int input) {
  return input == 1 && graph::has_weight_operator(node.op_type());
}

/// Where a bias is that a mean could correct (mean_inputs.h).
bool is_mean_corrected(const graph::Graph& graph, const onnx::NodeProto& node) {
  if (node.op_type() == "MatMul") return matmul_summand(graph, node).has_value();
  return node.op_type() != "ConvTranspose";
}

class Smoother {
 public:
  Smoother(onnx::ModelProto& model, passes::TensorInfos& infos) : graph_(model), infos_(infos) {
    for (auto& node : *graph_.message().mutable_node()) nodes_[node.name()] = &node;
  }

  std::string smooth(const SmoothedChannels& smoothed) {
    const std::span<const int> exponents(smoothed.smoothing.exponents);
    for (const ScaledReader& reader : smoothed.where.readers) {
      onnx::NodeProto& node = *nodes_.at(reader.node);
      const WeightChannels channels(node, *graph_.initializer(node.input(1)));
      scale(node, 1, [&](size_t i) { return exponents[channels.input_of(i)]; });
    }
    if (!smoothed.where.takes_scales()) return add_mul(smoothed.where, exponents);
    for (const auto& [name, input] : smoothed.where.constants) {
      divide(*nodes_.at(name), input, exponents);
    }
    return smoothed.where.output;
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

  template <typename ExponentOf>
  void scale(onnx::NodeProto& node, int input, ExponentOf exponent_of) {
    tensor::Tensor constant = graph::read_constant(*graph_.initializer(node.input(input)));
    const auto values = constant.floats();
    for (size_t i = 0; i < values.size(); ++i) values[i] = std::ldexp(values[i], exponent_of(i));
    replace(node, input, constant);
  }

  /// Weights by the channels of what they make; of other constants each value is of a channel.
  void divide(onnx::NodeProto& node, int input, std::span<const int> exponents) {
    if (!is_weight(node, input)) return scale(node, input, [&](size_t i) { return -exponents[i]; });
    const WeightChannels channels(node, *graph_.initializer(node.input(1)));
    scale(node, input, [&](size_t i) { return -exponents[channels.output_of(i)]; });
  }

  std::string add_mul(const ScalableChannels& output, std::span<const int> exponents) {
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
  const WeightChannels channels(node, weight);
  const tensor::Tensor values = graph::read_constant(weight);
  const size_t outputs = channels.output_count() / channels.group_count();
  ReadMatrix matrix;
  matrix.rows = channels.input_count();
  matrix.taps = channels.tap_count();
  matrix.columns = outputs * matrix.taps;
  matrix.group_rows = matrix.rows / channels.group_count();
  matrix.is_mean_corrected = is_mean_corrected(graph, node);
  matrix.values.resize(values.floats().size());
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    const size_t column = channels.output_of(i) % outputs * matrix.taps + i % matrix.taps;
    matrix.values[channels.input_of(i) * matrix.columns + column] = values.floats()[i];
  }
  return matrix;
}

std::vector<std::string> smooth_model(engine::HeldModel& model, passes::TensorInfos& infos,
                                      const std::vector<SmoothedChannels>& smoothed) {
  std::vector<std::string> tensors;
  while (tensors.size() < smoothed.size()) {
    Smoother smoother(model.model, infos);
    while (tensors.size() < smoothed.size() && smoother.new_bytes() < kMostBytes) {
      tensors.push_back(smoother.smooth(smoothed[tensors.size()]));
    }
    smoother.finish();
    engine::move_weights_to_file(model);
  }
  return tensors;
}

}  // namespace rangefinder::refine
