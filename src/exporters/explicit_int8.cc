// TensorRT fuses a product with what follows it (bias, normalization, residual Add, Relu) and
// computes all of it in int8 if its inputs come from DequantizeLinear:
//
//   x -> Q -> DQ -> Conv -> BatchNormalization -> Add -> Relu -> Q -> DQ -> Conv ...
//   w -> Q -> DQ ---^                              ^
//                      skip -> Q -> DQ ------------+
//
// So pairs stand at inputs only, and at the one input of the Add that no product makes for it.

#include "exporters/explicit_int8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "exporters/tables/weight_codes.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::exporters {
namespace {

/// The first IR version that knows operator set 13.
constexpr int64_t kLeastIrVersion = 7;

bool is_weighted(const onnx::NodeProto& node) {
  return node.domain().empty() && has_weight_operator(node);
}

bool is_average(const onnx::NodeProto& node) {
  return node.domain().empty() &&
         (node.op_type() == "AveragePool" || node.op_type() == "GlobalAveragePool");
}

class Placer {
 public:
  Placer(onnx::ModelProto& model, const passes::TensorInfos& infos)
      : graph_(model), infos_(infos) {}

  Int8Placement run() {
    for (const auto& node : graph_.message().node()) {
      if (node.output_size() == 0) continue;
      if (is_weighted(node)) place_weighted(node);
      if (is_average(node) && is_activation(node, 0)) add(node, {read(node, 0)});
      if (node.domain().empty() && node.op_type() == "Add") place_residual(node);
    }
    return std::move(placement_);
  }

 private:
  static Int8Read read(const onnx::NodeProto& node, int input) {
    return {.node = node.name(),
            .op_type = node.op_type(),
            .input = input,
            .tensor = node.input(input)};
  }

  bool is_activation(const onnx::NodeProto& node, int input) const {
    return input < node.input_size() && !node.input(input).empty() &&
           !graph::find_constant(graph_, node.input(input)) &&
           passes::is_float(infos_, node.input(input));
  }

  Int8Node& add(const onnx::NodeProto& node, std::vector<Int8Read> activations) {
    placement_.nodes.push_back(
        {.name = node.name(), .op_type = node.op_type(), .activations = std::move(activations)});
    return placement_.nodes.back();
  }

  void leave(const onnx::NodeProto& node, const std::string& reason) {
    placement_.left_float.push_back({node.name(), node.op_type(), reason});
  }

  void place_weighted(const onnx::NodeProto& node) {
    if (!passes::is_float(infos_, node.output(0)))
      return leave(node, "does not compute in float32");
    std::vector<Int8Read> activations;
    std::optional<Int8Read> weight;
    for (int input = 0; input < 2; ++input) {
      if (is_activation(node, input)) {
        activations.push_back(read(node, input));
      } else if (input < node.input_size() && graph::find_constant(graph_, node.input(input))) {
        weight = read(node, input);
      } else {
        return leave(node, "an input is not float32");
      }
    }
    const bool is_product = node.op_type() == "MatMul" || node.op_type() == "Gemm";
    if (activations.empty()) return leave(node, "both its factors are constant");
    if (!is_product && (!weight || weight->input != 1))
      return leave(node, "its weight is computed");
    Int8Node& placed = add(node, std::move(activations));
    placed.weight = weight;
    placed.is_weighted = true;
  }

  /// True if a product, with its bias and normalization, makes the tensor for one reader alone.
  bool is_product(const std::string& tensor) const {
    const onnx::NodeProto* maker = graph_.producer(tensor);
    if (!maker || !graph_.is_private(tensor)) return false;
    if (is_weighted(*maker)) return true;
    const bool is_norm = maker->domain().empty() && maker->op_type() == "BatchNormalization";
    const bool is_bias =
        maker->domain().empty() && maker->op_type() == "Add" && maker->input_size() == 2;
    if (is_norm) return is_product(maker->input(0));
    if (!is_bias) return false;
    if (graph::find_constant(graph_, maker->input(1))) return is_product(maker->input(0));
    return graph::find_constant(graph_, maker->input(0)) && is_product(maker->input(1));
  }

  void place_residual(const onnx::NodeProto& node) {
    if (!is_activation(node, 0) || !is_activation(node, 1)) return;
    const bool first = is_product(node.input(0));
    const bool second = is_product(node.input(1));
    if (first) add(node, {read(node, 1)});
    if (second && !first) add(node, {read(node, 0)});
  }

  graph::Graph graph_;
  const passes::TensorInfos& infos_;
  Int8Placement placement_;
};

class PairWriter {
 public:
  explicit PairWriter(onnx::ModelProto& model) : graph_(model) {
    for (auto& node : *graph_.message().mutable_node()) nodes_[node.name()] = &node;
  }

  void write_activation(const Int8Read& read, float scale) {
    auto& restored = activations_[read.tensor];
    if (restored.empty()) {
      const auto zero = graph::make_int8s("", {}, std::array<int8_t, 1>{0});
      const auto scales = graph::make_floats("", {}, std::array{scale});
      restored = add_pair(read.tensor, scales, zero, std::nullopt);
    }
    graph_.set_input(*nodes_.at(read.node), read.input, restored);
  }

  void write_weight(const Int8Read& read) {
    onnx::NodeProto& node = *nodes_.at(read.node);
    const TableTensor codes =
        weight_codes(node, read.tensor, *graph::find_constant(graph_, read.tensor));
    auto& restored = weights_[{read.tensor, codes.axis.value_or(-1)}];
    if (restored.empty()) {
      const auto count = static_cast<int64_t>(codes.scale.size());
      const tensor::Shape shape = codes.axis ? tensor::Shape{count} : tensor::Shape{};
      const std::vector<int8_t> zeros(codes.scale.size(), 0);
      restored = add_pair(read.tensor, graph::make_floats("", shape, codes.scale),
                          graph::make_int8s("", shape, zeros), codes.axis);
    }
    graph_.set_input(node, read.input, restored);
  }

  size_t activation_pair_count() const { return activations_.size(); }
  size_t weight_pair_count() const { return weights_.size(); }
  void finish() { graph_.finish(); }

 private:
  std::string add_pair(const std::string& tensor, onnx::TensorProto scale, onnx::TensorProto zero,
                       std::optional<int64_t> axis) {
    scale.set_name(graph_.fresh_name(tensor + "_scale"));
    zero.set_name(graph_.fresh_name(tensor + "_zero_point"));
    const std::string scale_name = graph_.add_initializer(std::move(scale));
    const std::string zero_name = graph_.add_initializer(std::move(zero));
    const std::string codes = graph_.fresh_name(tensor + "_QuantizeLinear_Output");
    const std::string restored = graph_.fresh_name(tensor + "_DequantizeLinear_Output");
    auto& quantize =
        graph_.add_node("QuantizeLinear", graph_.fresh_name(tensor + "_QuantizeLinear"),
                        {tensor, scale_name, zero_name}, {codes});
    if (axis) graph::set_attribute(quantize, "axis", *axis);
    auto& dequantize =
        graph_.add_node("DequantizeLinear", graph_.fresh_name(tensor + "_DequantizeLinear"),
                        {codes, scale_name, zero_name}, {restored});
    if (axis) graph::set_attribute(dequantize, "axis", *axis);
    return restored;
  }

  graph::Graph graph_;
  std::unordered_map<std::string, onnx::NodeProto*> nodes_;
  /// What stands behind the pairs, by tensor, and of weights by axis, too.
  std::unordered_map<std::string, std::string> activations_;
  std::map<std::pair<std::string, int64_t>, std::string> weights_;
};

}  // namespace

std::vector<std::string> Int8Placement::activations() const {
  std::vector<std::string> tensors;
  std::unordered_set<std::string> seen;
  for (const Int8Node& node : nodes) {
    for (const Int8Read& read : node.activations) {
      if (seen.insert(read.tensor).second) tensors.push_back(read.tensor);
    }
  }
  return tensors;
}

Int8Placement place_for_tensorrt(onnx::ModelProto& model, const passes::TensorInfos& infos) {
  return Placer(model, infos).run();
}

Int8Written write_explicit_int8(onnx::ModelProto& model, const Int8Placement& placement,
                                const ScaleOf& scale_of) {
  PairWriter writer(model);
  Int8Written written{.left_float = placement.left_float};
  for (const Int8Node& node : placement.nodes) {
    std::vector<float> scales;
    for (const Int8Read& read : node.activations) {
      const auto scale = scale_of(read.tensor);
      if (!scale) break;
      scales.push_back(*scale);
    }
    if (scales.size() < node.activations.size()) {
      const auto& missing = node.activations[scales.size()].tensor;
      if (node.is_weighted) {
        written.left_float.push_back(
            {node.name, node.op_type, fmt::format("'{}' has no scale", missing)});
      }
      continue;
    }
    for (size_t i = 0; i < scales.size(); ++i)
      writer.write_activation(node.activations[i], scales[i]);
    if (node.weight) writer.write_weight(*node.weight);
    if (node.is_weighted) ++written.weighted_count;
  }
  written.activation_pair_count = writer.activation_pair_count();
  written.weight_pair_count = writer.weight_pair_count();
  writer.finish();
  model.set_ir_version(std::max<int64_t>(model.ir_version(), kLeastIrVersion));
  return written;
}

}  // namespace rangefinder::exporters
