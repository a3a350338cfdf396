#include "exporters/simulation.h"

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/operator_names.h"
#include "exporters/codes.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

// A tensor of codes is rounded where an atom makes it, and again where another one reads it: which
// of the two are on is not known here, and rounding twice to the same codes rounds once.

namespace rangefinder::exporters {
namespace {

class SimulationWriter {
 public:
  SimulationWriter(onnx::ModelProto& model, const SolvedTensors& solved,
                   const std::vector<passes::Atom>& atoms)
      : graph_(model), solved_(solved), owners_(passes::atom_of_nodes(atoms)) {
    for (auto& node : *graph_.message().mutable_node()) nodes_[node.name()] = &node;
  }

  void write(const passes::QuantizedTensor& tensor) {
    round_reads(tensor);
    if (tensor.hides_float) round_output(tensor);
  }

  void write(const passes::QuantizedWeight& weight) {
    const size_t number = owners_.at(weight.node);
    if (nodes_.contains(weight.node)) {
      onnx::NodeProto& node = *nodes_.at(weight.node);
      restore_weight(node, weight, number);
      if (!weight.bias.empty()) select_bias(node, weight, number);
    }
    if (!weight.summand || !nodes_.contains(weight.summand->node)) return;
    onnx::NodeProto& adder = *nodes_.at(weight.summand->node);
    select(adder, weight.summand->input, weight.summand->values, number);
  }

  /// One of several elements is codes on a grid of its own; one of a single element is exact where
  /// codes go between kernels.
  void write_constant(const std::string& name, int input, const targets::Target& target) {
    if (target.placement == targets::Placement::kBetweenKernels) return;
    const auto owner = owners_.find(name);
    if (owner == owners_.end() || !nodes_.contains(name)) return;
    onnx::NodeProto& node = *nodes_.at(name);
    const std::string real = node.input(input);
    const auto made = quantize_constant(*graph_.initializer(real), real, target.activation);
    const std::string rounded = graph_.fresh_name(real + "_rounded");
    add_round(made.config, made.config.scale.at(0), real, rounded, owner->second);
    graph_.set_input(node, input, rounded);
  }

  void finish() { graph_.finish(); }

 private:
  void round_reads(const passes::QuantizedTensor& tensor) {
    std::map<size_t, std::string> rounded;
    for (const auto& [name, input] : tensor.reads) {
      const auto owner = owners_.find(name);
      if (owner == owners_.end() || !nodes_.contains(name)) continue;
      auto [place, is_new] = rounded.try_emplace(owner->second);
      if (is_new) {
        place->second = graph_.fresh_name(tensor.name + "_rounded");
        add_round(tensor, tensor.name, place->second, owner->second);
      }
      graph_.set_input(*nodes_.at(name), input, place->second);
    }
  }

  void round_output(const passes::QuantizedTensor& tensor) {
    onnx::NodeProto* maker = graph_.producer(tensor.name);
    if (maker == nullptr) return;
    const auto owner = owners_.find(maker->name());
    if (owner == owners_.end()) return;
    const std::string real = graph_.fresh_name(tensor.name + "_real");
    for (int i = 0; i < maker->output_size(); ++i) {
      if (maker->output(i) == tensor.name) graph_.rename_output(*maker, i, real);
    }
    add_round(tensor, real, tensor.name, owner->second);
  }

  void add_round(const passes::QuantizedTensor& tensor, const std::string& from,
                 const std::string& to, size_t number) {
    const auto& config = solved_.at(tensor.root);
    add_round(config, tensor.scale(config.scale.at(0)), from, to, number);
  }

  void add_round(const quantization::TensorQuantizationConfig& config, float scale,
                 const std::string& from, const std::string& to, size_t number) {
    onnx::NodeProto& node = add(engine::kRoundOperator, {from}, to, number);
    graph::set_attribute(node, engine::kScaleAttribute, scale);
    graph::set_attribute(node, engine::kZeroPointAttribute, int64_t{config.offset.at(0)});
    graph::set_attribute(node, engine::kLeastCodeAttribute, config.quant_min);
    graph::set_attribute(node, engine::kLargestCodeAttribute, config.quant_max);
  }

  void restore_weight(onnx::NodeProto& node, const passes::QuantizedWeight& weight, size_t number) {
    const std::string name = node.input(1);
    const std::string codes = graph_.add_initializer(
        graph::make_int8s(graph_.fresh_name(name + "_codes"), weight.shape, weight.codes));
    std::vector<float> scale = weight.scale;
    for (float& step : scale) step /= factor(node, "alpha");
    const std::string scales = graph_.add_initializer(graph::make_floats(
        graph_.fresh_name(name + "_scales"), {static_cast<int64_t>(scale.size())}, scale));
    const std::string restored = graph_.fresh_name(name + "_restored");
    onnx::NodeProto& restore =
        add(engine::kRestoreOperator, {name, codes, scales}, restored, number);
    graph::set_attribute(restore, engine::kAxisAttribute, weight.axis.value_or(0));
    graph_.set_input(node, 1, restored);
  }

  /// Codes of a Gemm hold its alpha and beta, which stay attributes here: they are taken out again.
  static float factor(const onnx::NodeProto& node, std::string_view name) {
    const float value = node.op_type() == "Gemm" ? graph::float_attribute(node, name, 1) : 1;
    return value == 0 ? 1 : value;
  }

  /// As the codes have it, with what was corrected.
  void select_bias(onnx::NodeProto& node, const passes::QuantizedWeight& weight, size_t number) {
    const auto count = static_cast<int64_t>(weight.bias.size());
    tensor::Tensor restored(tensor::ElementType::kFloat32, {count});
    const auto values = restored.floats();
    for (size_t i = 0; i < values.size(); ++i) {
      const double scale = weight.bias_scale.at(weight.bias_scale.size() == 1 ? 0 : i);
      values[i] = static_cast<float>(weight.bias[i] * scale) / factor(node, "beta");
    }
    while (node.input_size() < 3) node.add_input("");
    if (node.input(2).empty()) {
      const std::vector<float> zeros(values.size(), 0);
      graph_.set_input(node, 2,
                       graph_.add_initializer(graph::make_floats(
                           graph_.fresh_name(node.name() + "_no_bias"), {count}, zeros)));
    }
    select(node, 2, restored, number);
  }

  void select(onnx::NodeProto& node, int input, const tensor::Tensor& values, size_t number) {
    const std::string name = node.input(input);
    const std::string other =
        graph_.add_initializer(graph::make_constant(graph_.fresh_name(name + "_changed"), values));
    const std::string selected = graph_.fresh_name(name + "_selected");
    add(engine::kSelectOperator, {name, other}, selected, number);
    graph_.set_input(node, input, selected);
  }

  onnx::NodeProto& add(std::string_view op_type, const std::vector<std::string>& inputs,
                       const std::string& output, size_t number) {
    onnx::NodeProto& node = graph_.add_node(op_type, graph_.fresh_name(output + "_switch"), inputs,
                                            {output}, engine::kOperatorDomain);
    graph::set_attribute(node, engine::kSwitchAttribute, static_cast<int64_t>(number));
    return node;
  }

  graph::Graph graph_;
  const SolvedTensors& solved_;
  std::unordered_map<std::string, size_t> owners_;
  std::unordered_map<std::string, onnx::NodeProto*> nodes_;
};

void import_own_operators(onnx::ModelProto& model) {
  auto& opset = *model.add_opset_import();
  opset.set_domain(engine::kOperatorDomain);
  opset.set_version(1);
}

}  // namespace

onnx::ModelProto write_simulation(onnx::ModelProto model, const passes::Annotation& annotation,
                                  const SolvedTensors& solved,
                                  const std::vector<passes::QuantizedWeight>& weights,
                                  const std::vector<passes::Atom>& atoms,
                                  const targets::Target& target) {
  SimulationWriter writer(model, solved, atoms);
  for (const auto& tensor : annotation.tensors) writer.write(tensor);
  for (const auto& [node, input] : annotation.constants) writer.write_constant(node, input, target);
  for (const auto& weight : weights) writer.write(weight);
  writer.finish();
  import_own_operators(model);
  return model;
}

}  // namespace rangefinder::exporters
