#include "exporters/qdq.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <unordered_map>

#include "base/error.h"
#include "base/version.h"
#include "exporters/codes.h"
#include "exporters/float_guard.h"
#include "exporters/mixed_qdq.h"
#include "exporters/spelling.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"
#include "graph/metadata.h"
#include "graph/model_file.h"
#include "targets/wider.h"

namespace rangefinder::exporters {
namespace {

constexpr char kMicrosoft[] = "com.microsoft";
/// The first IR version that knows operator set 13.
constexpr int64_t kLeastIrVersion = 7;
/// The first operator set whose QuantizeLinear makes codes of 16 bits.
constexpr int64_t kLeast16BitSet = 21;

/// Codes that are a step or more from zero are beyond a gate's bounds, whatever its beta (at most
/// 1024). A wider step says no more, and could leave the 32 bits in which QLinearAdd counts.
constexpr float kLargestGateStep = 4096;

/// Names of the two initializers that hold a root's parameters.
struct ParameterNames {
  std::string scale;
  std::string zero_point;
};

class QdqWriter {
 public:
  QdqWriter(onnx::ModelProto& model, std::string domain, const SolvedTensors& solved,
            const targets::Target& target, const MixedCodes& mixed)
      : graph_(model),
        domain_(std::move(domain)),
        solved_(solved),
        target_(target),
        wider_(targets::wider_target(target)),
        mixed_(mixed) {
    for (auto& node : *graph_.message().mutable_node()) nodes_[node.name()] = &node;
  }

  /// Before anything is written: it looks at the float model.
  void guard(const passes::Annotation& annotation) {
    guard_float_nodes(graph_, annotation, solved_);
  }

  void write(const passes::QuantizedTensor& tensor) {
    if (tensor.is_carried) return;
    const ParameterNames& names = parameters(tensor);
    if (!tensor.codes_of.empty()) {
      read_with_other_scale(tensor, names);
    } else if (tensor.hides_float) {
      hide(tensor.name, names);
    } else {
      add_beside(tensor, names);
    }
  }

  /// For the reads that want codes of the other width.
  void convert(const std::string& tensor, const std::vector<std::pair<std::string, int>>& reads) {
    const auto& config = mixed_.converted.at(tensor);
    const std::string name = tensor + "_converted";
    const std::string restored = graph_.fresh_name(name + "_DequantizeLinear_Output");
    const bool is_wide = !mixed_.wide.tensors.contains(tensor);
    add_pair(tensor, restored, name,
             add_parameters(name, config.scale.at(0), config.offset.at(0), grid(is_wide)));
    for (const auto& [node, input] : reads) graph_.set_input(*nodes_.at(node), input, restored);
  }

  /// clip(alpha x + beta, 0, 1): x is read with alpha times its scale, beta is added, and the
  /// codes of the sum saturate where clip would.
  void write(const passes::GateNode& gate, const passes::QuantizedTensor& input) {
    onnx::NodeProto& node = *nodes_.at(gate.name);
    passes::QuantizedTensor scaled = input;
    scaled.factor =
        std::min(scaled.factor * gate.alpha, kLargestGateStep / solved_.at(input.root).scale.at(0));
    const std::string restored = graph_.fresh_name(gate.name + "_scaled");
    add_dequantize(codes_.at(input.name), restored, parameters(scaled));
    node.set_op_type("Add");
    node.clear_attribute();
    graph_.set_input(node, 0, restored);
    node.add_input("");
    write_scalar(node, 1, gate.beta);
  }

  /// Relu as Max(x, 0), Clip as Min(Max(x, low), high): the same values by other names.
  void write_float_bound(const std::string& name) {
    onnx::NodeProto& node = *nodes_.at(name);
    std::string low = node.input_size() > 1 ? node.input(1) : "";
    const std::string high = node.input_size() > 2 ? node.input(2) : "";
    if (node.attribute_size() > 0) return;  // bounds of an operator set below 11
    if (node.op_type() == "Relu") {
      const std::string zero = graph_.fresh_name(name + "_zero");
      low = graph_.add_initializer(graph::make_floats(zero, {}, std::array{0.0f}));
    }
    while (node.input_size() < 2) node.add_input("");
    if (node.input_size() > 2) {
      graph_.set_input(node, 2, "");
      node.mutable_input()->RemoveLast();
    }
    if (low.empty() && high.empty()) {
      node.mutable_input()->RemoveLast();
      node.set_op_type("Identity");
      return;
    }
    node.set_op_type(low.empty() ? "Min" : "Max");
    graph_.set_input(node, 1, low.empty() ? high : low);
    if (low.empty() || high.empty()) return;
    const std::string output = node.output(0);
    const std::string above = graph_.fresh_name(output + "_above");
    graph_.rename_output(node, 0, above);
    graph_.add_node("Min", graph_.fresh_name(name + "_below"), {above, high}, {output});
  }

  void write_constant(const std::string& node_name, int input) {
    onnx::NodeProto& node = *nodes_.at(node_name);
    const onnx::TensorProto& constant = *graph_.initializer(node.input(input));
    if (target_.placement == targets::Placement::kBetweenKernels) {
      return write_scalar(node, input, graph::read_constant(constant).floats()[0]);
    }
    const std::string name = graph_.fresh_name(node.input(input) + "_quantized");
    const auto& on = grid(mixed_.wide.nodes.contains(node_name));
    const auto made = quantize_constant(constant, name, on);
    const std::string restored = graph_.fresh_name(name + "_DequantizeLinear_Output");
    add_dequantize(graph_.add_initializer(made.codes), restored,
                   add_parameters(name, made.config.scale[0], made.config.offset[0], on));
    graph_.set_input(node, input, restored);
  }

  void write(const std::vector<passes::QuantizedWeight>& weights) {
    std::vector<const passes::QuantizedWeight*> each;
    for (const auto& weight : weights) each.push_back(&weight);
    const std::vector<size_t> first = passes::first_alike(each);
    std::vector<WeightNames> names(weights.size());
    for (size_t i = 0; i < weights.size(); ++i) {
      if (first[i] == i) names[i] = add_weight(weights[i]);
      write(weights[i], names[first[i]]);
    }
  }

  /// Rows are looked up as codes; what the Gather made is made by a DequantizeLinear now.
  void write(const passes::QuantizedTable& table) {
    if (!table.table.obstacle.empty()) return;
    const std::string name = graph_.fresh_name(table.table.name + "_quantized");
    const std::vector<int8_t> zeros(table.scale.size(), 0);
    const ParameterNames names = {
        graph_.add_initializer(graph::make_floats(graph_.fresh_name(name + "_scale"),
                                                  {table.column_count}, table.scale)),
        graph_.add_initializer(graph::make_int8s(graph_.fresh_name(name + "_zero_point"),
                                                 {table.column_count}, zeros))};
    onnx::TensorProto table_codes = table.codes;
    table_codes.set_name(name);
    graph_.add_initializer(std::move(table_codes));
    for (const std::string& gather : table.table.gathers) {
      onnx::NodeProto& node = *nodes_.at(gather);
      const std::string rows = node.output(0);
      const std::string codes = graph_.fresh_name(rows + "_quantized");
      graph_.set_input(node, 0, name);
      graph_.rename_output(node, 0, codes);
      graph::set_attribute(add_dequantize(codes, rows, names), "axis", int64_t{-1});
    }
  }

  /// The same node of another name, whose codes and their parameters are inputs 1, 2 and 8 to 11.
  void write(const passes::QuantizedLstm& lstm) {
    if (!lstm.obstacle.empty()) return;
    onnx::NodeProto& node = *nodes_.at(lstm.node);
    node.set_op_type("DynamicQuantizeLSTM");
    node.set_domain(kMicrosoft);
    graph::remove_attribute(node, "layout");
    while (node.input_size() < 12) node.add_input("");
    write_gates(node, 1, 8, lstm.input);
    write_gates(node, 2, 10, lstm.recurrence);
  }

  void write(const passes::ChangedConstant& constant) {
    onnx::NodeProto& node = *nodes_.at(constant.node);
    const std::string name = graph_.fresh_name(node.input(constant.input) + "_corrected");
    graph_.set_input(node, constant.input,
                     graph_.add_initializer(graph::make_constant(name, constant.values)));
  }

  void finish() {
    if (target_.wants_spelling) {
      spell_gates(graph_);
      spell_strides(graph_);
    }
    guard_bodies(graph_);
    // A tensor that is only read with another scale needs no DequantizeLinear of its own.
    graph_.remove_unread();
    graph_.finish();
  }

 private:
  void write_gates(onnx::NodeProto& node, int codes_input, int parameter_input,
                   const passes::QuantizedGates& gates) {
    const std::string name = graph_.fresh_name(node.input(codes_input) + "_quantized");
    const tensor::Shape shape = {gates.codes.dims(0), gates.codes.dims(2)};
    const std::vector<int8_t> zeros(gates.scale.size(), 0);
    onnx::TensorProto codes = gates.codes;
    codes.set_name(name);
    graph_.set_input(node, codes_input, graph_.add_initializer(std::move(codes)));
    graph_.set_input(node, parameter_input,
                     graph_.add_initializer(graph::make_floats(graph_.fresh_name(name + "_scale"),
                                                               shape, gates.scale)));
    graph_.set_input(node, parameter_input + 1,
                     graph_.add_initializer(
                         graph::make_int8s(graph_.fresh_name(name + "_zero_point"), shape, zeros)));
  }

  void write_bias(onnx::NodeProto& node, const passes::QuantizedWeight& weight) {
    if (weight.bias.empty() && weight.float_bias.empty()) return;
    // A bias that the float model does not have makes up for what rounding the weights moved.
    const bool has_bias = node.input_size() > 2 && !node.input(2).empty();
    while (node.input_size() < 3) node.add_input("");
    const std::string name = has_bias ? node.input(2) : node.name() + "_bias";
    if (weight.has_float_bias) return write_float_bias(node, weight, has_bias, name);
    const std::string bias = graph_.fresh_name(name + "_quantized");
    const auto count = static_cast<int64_t>(weight.bias.size());
    // As many scales as the weight has: QNN computes nonsense with another number of them.
    const auto axis = weight.axis ? std::optional<int64_t>(0) : std::nullopt;
    const std::vector<float> scale(weight.bias_scale.begin(),
                                   weight.bias_scale.begin() + (axis ? count : 1));
    const std::vector<int32_t> zeros(scale.size(), 0);
    const tensor::Shape shape = parameter_shape(axis, scale.size());
    ParameterNames names;
    names.scale = graph_.add_initializer(
        graph::make_floats(graph_.fresh_name(bias + "_scale"), shape, scale));
    graph_.add_initializer(graph::make_int32s(bias, {count}, weight.bias));
    names.zero_point = graph_.add_initializer(
        graph::make_int32s(graph_.fresh_name(bias + "_zero_point"), shape, zeros));
    read_dequantized(node, 2, bias, names, axis);
  }

  /// The constant stays the one that it was where it has these values.
  void write_float_bias(onnx::NodeProto& node, const passes::QuantizedWeight& weight, bool has_bias,
                        const std::string& name) {
    if (has_bias) {
      const auto before = graph::read_constant(*graph_.initializer(name));
      if (std::ranges::equal(before.floats(), weight.float_bias)) return;
    }
    const auto count = static_cast<int64_t>(weight.float_bias.size());
    graph_.set_input(node, 2,
                     graph_.add_initializer(graph::make_floats(graph_.fresh_name(name + "_float"),
                                                               {count}, weight.float_bias)));
  }

  /// The constants of a weight, which several nodes may read.
  struct WeightNames {
    std::string codes = {};
    /// Where the target wants pairs: the restored weights in float, which become the very codes.
    std::string rounded = {};
    ParameterNames parameters = {};
  };

  WeightNames add_weight(const passes::QuantizedWeight& weight) {
    const std::string constant = nodes_.at(weight.node)->input(1);
    const tensor::Shape shape = parameter_shape(weight.axis, weight.scale.size());
    const std::vector<int8_t> zeros(weight.scale.size(), 0);
    WeightNames names{.codes = graph_.fresh_name(constant + "_quantized")};
    auto zero_point =
        graph::make_int8s(graph_.fresh_name(names.codes + "_zero_point"), shape, zeros);
    names.parameters.scale = graph_.add_initializer(
        graph::make_floats(graph_.fresh_name(names.codes + "_scale"), shape, weight.scale));
    if (target_.weight_form == targets::WeightForm::kPair) {
      names.parameters.zero_point = graph_.add_initializer(std::move(zero_point));
      names.rounded = graph_.add_initializer(graph::make_floats(
          graph_.fresh_name(constant + "_rounded"), weight.shape, restored_values(weight)));
    } else {
      graph_.add_initializer(graph::make_int8s(names.codes, weight.shape, weight.codes));
      names.parameters.zero_point = graph_.add_initializer(std::move(zero_point));
    }
    return names;
  }

  static std::vector<float> restored_values(const passes::QuantizedWeight& weight) {
    const auto axis = static_cast<size_t>(weight.axis.value_or(0));
    size_t inner = 1;
    for (size_t i = axis + 1; i < weight.shape.size(); ++i) {
      inner *= static_cast<size_t>(weight.shape[i]);
    }
    std::vector<float> values(weight.codes.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t channel = weight.axis ? i / inner % weight.channel_count : 0;
      values[i] = static_cast<float>(weight.codes[i]) * weight.scale_of(channel);
    }
    return values;
  }

  void write(const passes::QuantizedWeight& weight, const WeightNames& names) {
    onnx::NodeProto& node = *nodes_.at(weight.node);
    std::string codes = names.codes;
    if (!names.rounded.empty()) {
      if (graph_.producer(codes) != nullptr) codes = graph_.fresh_name(codes);
      auto& quantize = graph_.add_node(
          "QuantizeLinear", graph_.fresh_name(codes + "_QuantizeLinear"),
          {names.rounded, names.parameters.scale, names.parameters.zero_point}, {codes}, domain_);
      if (weight.axis) graph::set_attribute(quantize, "axis", *weight.axis);
    }
    read_dequantized(node, 1, codes, names.parameters, weight.axis);
    normalize_gemm(node);
    if (weight.summand) write(*weight.summand);
    write_bias(node, weight);
  }

  static tensor::Shape parameter_shape(std::optional<int64_t> axis, size_t count) {
    return axis ? tensor::Shape{static_cast<int64_t>(count)} : tensor::Shape{};
  }

  const ParameterNames& parameters(const passes::QuantizedTensor& tensor) {
    const auto key = std::pair(tensor.root, tensor.factor);
    const auto known = parameter_names_.find(key);
    if (known != parameter_names_.end()) return known->second;
    const auto config = solved_.find(tensor.root);
    if (config == solved_.end() || config->second.scale.size() != 1) {
      throw std::invalid_argument(fmt::format("tensor '{}' has no scale", tensor.root));
    }
    return parameter_names_[key] =
               add_parameters(tensor.factor == 1 ? tensor.root : tensor.name,
                              tensor.scale(config->second.scale[0]), config->second.offset[0],
                              grid(mixed_.wide.tensors.contains(tensor.name)));
  }

  const quantization::TensorQuantizationConfig& grid(bool is_wide) const {
    return is_wide ? wider_->activation : target_.activation;
  }

  ParameterNames add_parameters(const std::string& name, float scale, int32_t zero_point,
                                const quantization::TensorQuantizationConfig& on) {
    const std::array scales = {scale};
    const std::array zero_points = {int64_t{zero_point}};
    return {
        graph_.add_initializer(graph::make_floats(graph_.fresh_name(name + "_scale"), {}, scales)),
        graph_.add_initializer(
            make_codes(graph_.fresh_name(name + "_zero_point"), {}, zero_points, on))};
  }

  onnx::NodeProto& add_dequantize(const std::string& codes, const std::string& to,
                                  const ParameterNames& names) {
    return graph_.add_node("DequantizeLinear", graph_.fresh_name(to + "_DequantizeLinear"),
                           {codes, names.scale, names.zero_point}, {to}, domain_);
  }

  void add_pair(const std::string& from, const std::string& to, const std::string& tensor,
                const ParameterNames& names) {
    const std::string codes = graph_.fresh_name(tensor + "_QuantizeLinear_Output");
    graph_.add_node("QuantizeLinear", graph_.fresh_name(tensor + "_QuantizeLinear"),
                    {from, names.scale, names.zero_point}, {codes}, domain_);
    add_dequantize(codes, to, names);
    codes_[tensor] = codes;
  }

  /// The tensor's maker, a multiplication by a constant, goes: its factor is in the scale.
  void read_with_other_scale(const passes::QuantizedTensor& tensor, const ParameterNames& names) {
    graph_.remove_node(*graph_.producer(tensor.name));
    add_dequantize(codes_.at(tensor.codes_of), tensor.name, names);
    codes_[tensor.name] = codes_.at(tensor.codes_of);
  }

  /// A number as one code, counted from the grid's first: 1 with scale |value|, or 0 with zero
  /// point 1 for a negative one. Exact.
  void write_scalar(onnx::NodeProto& node, int input, float value) {
    const std::string name = graph_.fresh_name(node.name() + "_constant");
    const auto first = target_.activation.quant_min;
    const std::array code = {first + (value > 0 ? 1 : 0)};
    const auto names =
        add_parameters(name, value == 0 ? 1 : std::abs(value),
                       static_cast<int32_t>(first + (value < 0 ? 1 : 0)), target_.activation);
    const std::string codes = graph_.add_initializer(
        make_codes(graph_.fresh_name(name + "_quantized"), {}, code, target_.activation));
    add_dequantize(codes, name, names);
    graph_.set_input(node, input, name);
  }

  /// The pair takes the tensor's name, so that readers, bodies and outputs follow by themselves.
  void hide(const std::string& tensor, const ParameterNames& names) {
    onnx::NodeProto& maker = *graph_.producer(tensor);
    const std::string raw = graph_.fresh_name(tensor + "_float");
    for (int i = 0; i < maker.output_size(); ++i) {
      if (maker.output(i) == tensor) graph_.rename_output(maker, i, raw);
    }
    add_pair(raw, tensor, tensor, names);
  }

  void add_beside(const passes::QuantizedTensor& tensor, const ParameterNames& names) {
    const std::string restored = graph_.fresh_name(tensor.name + "_DequantizeLinear_Output");
    add_pair(tensor.name, restored, tensor.name, names);
    for (const auto& [node, input] : tensor.reads) {
      graph_.set_input(*nodes_.at(node), input, restored);
    }
  }

  /// The node reads these codes at its input, through a DequantizeLinear of its own.
  void read_dequantized(onnx::NodeProto& node, int input, const std::string& codes,
                        const ParameterNames& names, std::optional<int64_t> axis) {
    const std::string restored = graph_.fresh_name(codes + "_DequantizeLinear_Output");
    auto& dequantize =
        graph_.add_node("DequantizeLinear", graph_.fresh_name(codes + "_DequantizeLinear"),
                        {codes, names.scale, names.zero_point}, {restored}, domain_);
    if (axis) graph::set_attribute(dequantize, "axis", *axis);
    graph_.set_input(node, input, restored);
  }

  /// alpha and beta are in the codes now.
  static void normalize_gemm(onnx::NodeProto& node) {
    if (node.op_type() != "Gemm") return;
    graph::remove_attribute(node, "alpha");
    graph::remove_attribute(node, "beta");
  }

  graph::Graph graph_;
  std::string domain_;
  const SolvedTensors& solved_;
  const targets::Target& target_;
  /// Null where no codes are wide.
  const targets::Target* wider_;
  const MixedCodes& mixed_;
  std::unordered_map<std::string, onnx::NodeProto*> nodes_;
  std::unordered_map<std::string, std::string> codes_;
  std::map<std::pair<std::string, float>, ParameterNames> parameter_names_;
};

void import_microsoft(onnx::ModelProto& model) {
  for (const auto& opset : model.opset_import()) {
    if (opset.domain() == kMicrosoft) return;
  }
  auto& opset = *model.add_opset_import();
  opset.set_domain(kMicrosoft);
  opset.set_version(1);
}

onnx::ModelProto write(const passes::PreparedModel& prepared, const passes::Annotation& annotation,
                       const SolvedTensors& solved,
                       const std::vector<passes::QuantizedWeight>& weights,
                       const std::vector<passes::QuantizedTable>& tables,
                       const std::vector<passes::QuantizedLstm>& lstms,
                       const targets::Target& target, const std::string& domain,
                       const MixedCodes& mixed) {
  onnx::ModelProto model = prepared.model;
  if (!domain.empty() || !lstms.empty()) import_microsoft(model);
  QdqWriter writer(model, domain, solved, target, mixed);
  if (target.placement == targets::Placement::kBetweenKernels) writer.guard(annotation);
  for (const auto& tensor : annotation.tensors) writer.write(tensor);
  for (const auto& [tensor, reads] : mixed.wide.converted_reads) writer.convert(tensor, reads);
  for (const auto& [node, input] : annotation.constants) writer.write_constant(node, input);
  for (const auto& gate : annotation.gates) writer.write(gate, *annotation.find(gate.input));
  writer.write(weights);
  for (const auto& table : tables) writer.write(table);
  for (const auto& lstm : lstms) writer.write(lstm);
  for (const auto& bound : annotation.float_bounds) writer.write_float_bound(bound);
  writer.finish();
  model.set_ir_version(std::max<int64_t>(model.ir_version(), kLeastIrVersion));
  model.set_producer_name("rangefinder");
  model.set_producer_version(kVersion);
  if (!target.runs_here) graph::set_metadata(model, kTargetKey, std::string(target.name));
  return model;
}

}  // namespace

std::string quantized_domain(const passes::PreparedModel& prepared, const targets::Target& target) {
  std::string reason;
  if (!prepared.kept_opset_because.empty()) {
    reason = "the operator set could not be raised to 13, whose QuantizeLinear has an axis (" +
             prepared.kept_opset_because + ")";
  } else if (target.activation.level_count() > 256) {
    const int64_t version = graph::opset_version(prepared.model);
    if (version < kLeast16BitSet) {
      reason = fmt::format("codes of 16 bits need operator set {}, the model has {}",
                           kLeast16BitSet, version);
    }
  }
  if (reason.empty()) return {};
  if (target.takes_microsoft) return kMicrosoft;
  throw Error(fmt::format("target {}: {}", target.name, reason));
}

onnx::ModelProto write_qdq(const passes::PreparedModel& prepared,
                           const passes::Annotation& annotation, const SolvedTensors& solved,
                           const std::vector<passes::QuantizedWeight>& weights,
                           const std::vector<passes::QuantizedTable>& tables,
                           const std::vector<passes::QuantizedLstm>& lstms,
                           const targets::Target& target) {
  return write(prepared, annotation, solved, weights, tables, lstms, target,
               quantized_domain(prepared, target), {});
}

onnx::ModelProto write_mixed_qdq(const passes::PreparedModel& prepared,
                                 const passes::Annotation& annotation, const SolvedTensors& solved,
                                 const std::vector<passes::QuantizedWeight>& weights,
                                 const targets::Target& target, const MixedCodes& mixed) {
  return write(prepared, annotation, solved, weights, {}, {}, target,
               quantized_domain(prepared, *targets::wider_target(target)), mixed);
}

}  // namespace rangefinder::exporters
