// Every QuantizeLinear of an activation makes an entry, and so does a DequantizeLinear that reads
// codes with other parameters than they were made with (a constant factor in the scale), or codes
// that something else makes. One that makes codes of another width of a tensor that has an entry is
// a conversion for its readers, and makes none. A DequantizeLinear of a constant is a weight, and
// so is one of rows that a Gather takes out of a constant.
//
//   conv1 -> relu1_float -> QuantizeLinear -> relu1_QuantizeLinear_Output -> DequantizeLinear
//            before                           codes                          -> relu1: behind

#include "exporters/tables/read_qdq.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "exporters/tables/weight_codes.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::exporters {
namespace {

constexpr std::string_view kCodesSuffix = "_QuantizeLinear_Output";
constexpr std::string_view kWeightSuffix = "_quantized";
/// What exporters/qdq puts behind the name of a tensor whose pair takes that name.
constexpr char kOwnSuffix[] = "_float";
/// And behind that of a gate, for what it reads.
constexpr char kOwnGateSuffix[] = "_scaled";

bool is_quantize(const onnx::NodeProto& node) { return node.op_type() == "QuantizeLinear"; }
bool is_dequantize(const onnx::NodeProto& node) { return node.op_type() == "DequantizeLinear"; }
bool is_bound(const onnx::NodeProto& node) {
  return node.op_type() == "Relu" || node.op_type() == "Clip";
}

std::string without(std::string_view text, std::string_view suffix) {
  if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
  return std::string(text);
}

struct CodeRange {
  int64_t least;
  int64_t most;
};

CodeRange range_of(int type, const std::string& tensor) {
  switch (type) {
    case onnx::TensorProto::UINT8:
      return {0, 255};
    case onnx::TensorProto::INT8:
      return {-128, 127};
    case onnx::TensorProto::UINT16:
      return {0, 65535};
    case onnx::TensorProto::INT16:
      return {-32768, 32767};
    default:
      throw Error(fmt::format("has codes of type {}; allowed are integers of 8 and 16 bits",
                              onnx::TensorProto::DataType_IsValid(type)
                                  ? onnx::TensorProto::DataType_Name(
                                        static_cast<onnx::TensorProto::DataType>(type))
                                  : std::to_string(type)),
                  {.tensor = tensor});
  }
}

class QdqReader {
 public:
  QdqReader(onnx::ModelProto& model, const std::string& source, const onnx::ModelProto* float_model)
      : graph_(model) {
    table_.source = source;
    if (float_model) learn_names(float_model->graph());
  }

  TensorTable read() {
    for (const auto& node : graph_.message().node()) {
      if (is_quantize(node) || is_dequantize(node)) require_complete(node);
    }
    for (const auto& node : graph_.message().node()) {
      if (is_quantize(node)) read_quantize(node);
      if (is_dequantize(node)) read_dequantize(node);
    }
    if (table_.activations.empty()) refuse_none();
    for (const auto& node : graph_.message().node()) read_layer(node);
    table_.input_shape = first_input_shape(graph_);
    if (!float_names_.empty()) keep_known(table_, float_names_);
    return std::move(table_);
  }

 private:
  void learn_names(const onnx::GraphProto& graph) {
    for (const auto& input : graph.input()) float_names_.insert(input.name());
    for (const auto& node : graph.node()) {
      float_names_.insert(node.output().begin(), node.output().end());
      float_nodes_[node.name()] = &node;
    }
    for (const auto& constant : graph.initializer()) float_constants_.insert(constant.name());
  }

  const onnx::TensorProto* constant(const std::string& name) const {
    return graph::find_constant(graph_, name);
  }

  [[noreturn]] void refuse_none() {
    for (const auto& node : graph_.message().node()) {
      if (!node.op_type().starts_with("QLinear") && !node.op_type().ends_with("Integer")) continue;
      throw Error(fmt::format("computes on codes ({}) without QuantizeLinear and DequantizeLinear "
                              "around float nodes, of which a table is made",
                              node.op_type()),
                  {.node = node.name()});
    }
    throw Error("holds no QuantizeLinear of an activation: a quantized model is needed");
  }

  /// Scales and zero points of a QuantizeLinear or DequantizeLinear; `type`: of the codes, where no
  /// zero point tells it.
  TableTensor parameters(const onnx::NodeProto& node, const std::string& name, int type) const {
    TableTensor tensor{.name = name, .root = name};
    const auto* scale = node.input_size() > 1 ? constant(node.input(1)) : nullptr;
    if (!scale) fail(node, name, "its scale is computed; a constant is needed");
    if (graph::int_attribute(node, "block_size", 0) != 0 || scale->dims_size() > 1) {
      fail(node, name, "has a scale for each block of codes, which no table holds");
    }
    const tensor::Tensor scales = graph::read_constant(*scale).to_float32();
    tensor.scale.assign(scales.floats().begin(), scales.floats().end());
    for (const float each : tensor.scale) {
      if (std::isfinite(each) && each > 0) continue;
      fail(node, name, fmt::format("its scale is {}; a positive number is needed", each));
    }
    const bool has_zero = node.input_size() > 2 && !node.input(2).empty();
    const auto* zero = has_zero ? constant(node.input(2)) : nullptr;
    if (has_zero && !zero) fail(node, name, "its zero point is computed; a constant is needed");
    const CodeRange range = range_of(zero ? zero->data_type() : type, name);
    tensor.quant_min = range.least;
    tensor.quant_max = range.most;
    tensor.zero_point = zero ? zero_points(node, name, *zero, tensor.scale.size())
                             : std::vector<int32_t>(tensor.scale.size(), 0);
    if (tensor.scale.empty()) fail(node, name, "has no scale");
    if (tensor.scale.size() > 1) tensor.axis = graph::int_attribute(node, "axis", 1);
    return tensor;
  }

  static std::vector<int32_t> zero_points(const onnx::NodeProto& node, const std::string& name,
                                          const onnx::TensorProto& constant, size_t count) {
    std::vector<int32_t> values;
    const tensor::Tensor read = graph::read_constant(constant).to_float32();
    for (const float each : read.floats()) values.push_back(static_cast<int32_t>(each));
    if (values.size() != count) {
      fail(node, name, fmt::format("has {} scales and {} zero points", count, values.size()));
    }
    return values;
  }

  [[noreturn]] static void fail(const onnx::NodeProto& node, const std::string& tensor,
                                const std::string& message) {
    throw Error(message, {.node = node.name(), .tensor = tensor});
  }

  /// Of the codes that a QuantizeLinear makes.
  int code_type(const onnx::NodeProto& node) const {
    const auto* zero = node.input_size() > 2 ? constant(node.input(2)) : nullptr;
    if (zero) return zero->data_type();
    const auto type = static_cast<int>(graph::int_attribute(node, "output_dtype", 0));
    return type == 0 ? int{onnx::TensorProto::UINT8} : type;
  }

  /// What the checker of ONNX would say.
  static void require_complete(const onnx::NodeProto& node) {
    if (node.input_size() >= 2 && node.output_size() == 1) return;
    fail(node, "",
         fmt::format("has {} inputs and {} outputs", node.input_size(), node.output_size()));
  }

  void read_quantize(const onnx::NodeProto& node) {
    const std::string& before = node.input(0);
    const std::string& codes = node.output(0);
    if (const auto* values = constant(before)) {
      add_weight(before, *values, code_type(node), node);
      weights_of_codes_[codes] = before;
      return;
    }
    const std::string name = activation_name(node);
    const TableTensor tensor = parameters(node, name, code_type(node));
    if (!is_converted(tensor)) add_activation(tensor, node);
    names_[before] = name;
    quantize_of_[codes] = &node;
    names_[codes] = name;
  }

  bool is_converted(const TableTensor& tensor) const {
    const auto place = places_.find(tensor.name);
    if (place == places_.end() || place->second >= table_.activations.size()) return false;
    const TableTensor& there = table_.activations[place->second];
    return there.name == tensor.name && there.bits() != tensor.bits();
  }

  void read_dequantize(const onnx::NodeProto& node) {
    const std::string& codes = node.input(0);
    const std::string& behind = node.output(0);
    if (const auto weight = weights_of_codes_.find(codes); weight != weights_of_codes_.end()) {
      weights_[behind] = weight->second;
      return;
    }
    if (const auto* values = constant(codes)) return read_weight(node, *values);
    if (const auto* table = looked_up(codes)) return read_looked_up(node, *table);
    const auto made = quantize_of_.find(codes);
    if (made != quantize_of_.end() && has_same_parameters(*made->second, node)) {
      names_[behind] = names_.at(codes);
      activations_[behind] = names_.at(codes);
      return;
    }
    if (made != quantize_of_.end() && is_own_gate(node)) {
      activations_[behind] = names_.at(codes);
      return;
    }
    const int type =
        made == quantize_of_.end() ? int{onnx::TensorProto::UINT8} : code_type(*made->second);
    add_activation(parameters(node, behind, type), node);
    names_[behind] = behind;
    activations_[behind] = behind;
  }

  void read_weight(const onnx::NodeProto& node, const onnx::TensorProto& values) {
    // Biases are sums of products: their scale follows from input and weight. A single number is no
    // weight.
    const auto count = [&] {
      int64_t product = 1;
      for (const int64_t each : values.dims()) product *= std::max<int64_t>(each, 0);
      return product;
    };
    if (values.data_type() == onnx::TensorProto::INT32 || count() <= 1) return;
    const std::string name = weight_name(node);
    add_weight(name, values, values.data_type(), node);
    weights_[node.output(0)] = name;
  }

  /// The Gather that takes rows out of a constant table of codes, if that makes the tensor.
  const onnx::NodeProto* looked_up(const std::string& codes) const {
    const auto* maker = graph_.producer(codes);
    const bool is_gather = maker && maker->op_type() == "Gather" && maker->input_size() > 0;
    return is_gather && constant(maker->input(0)) ? maker : nullptr;
  }

  /// A table of codes is a weight, whose columns lie where those of the rows do.
  void read_looked_up(const onnx::NodeProto& node, const onnx::NodeProto& gather) {
    const auto& values = *constant(gather.input(0));
    const std::string name =
        weight_name(gather, 0).value_or(without(gather.input(0), kWeightSuffix));
    add_weight(name, values, values.data_type(), node);
  }

  std::string weight_name(const onnx::NodeProto& dequantize) const {
    for (const graph::Use& use : graph_.uses(dequantize.output(0))) {
      if (const auto name = weight_name(*use.node, use.input)) return *name;
    }
    return without(dequantize.input(0), kWeightSuffix);
  }

  /// By the float model, if it has a node of the same name that reads a constant there.
  std::optional<std::string> weight_name(const onnx::NodeProto& reader, int input) const {
    const auto node = float_nodes_.find(reader.name());
    if (node == float_nodes_.end() || input >= node->second->input_size()) return std::nullopt;
    const std::string& there = node->second->input(input);
    if (!float_constants_.contains(there)) return std::nullopt;
    return there;
  }

  /// The input of a gate as we write it: its codes with another scale, and no tensor of anybody's.
  bool is_own_gate(const onnx::NodeProto& dequantize) const {
    const auto& uses = graph_.uses(dequantize.output(0));
    return uses.size() == 1 && dequantize.output(0) == uses[0].node->name() + kOwnGateSuffix;
  }

  bool has_same_parameters(const onnx::NodeProto& one, const onnx::NodeProto& other) const {
    if (one.input(1) == other.input(1)) return true;
    const auto a = parameters(one, "", code_type(one));
    const auto b = parameters(other, "", code_type(one));
    return a.scale == b.scale && a.zero_point == b.zero_point;
  }

  /// What the float model calls the tensor, see the header.
  std::string activation_name(const onnx::NodeProto& quantize) const {
    const std::string& before = quantize.input(0);
    const std::string stem = without(quantize.output(0), kCodesSuffix);
    std::vector<std::string> candidates = {before};
    for (const graph::Use& use : graph_.uses(quantize.output(0))) {
      const bool is_behind = is_dequantize(*use.node) && has_same_parameters(quantize, *use.node);
      if (is_behind) candidates.push_back(use.node->output(0));
    }
    // Where all readers of our own codes take them with another scale, nothing bears the name.
    if (before == stem + kOwnSuffix) candidates.push_back(stem);
    const auto known = std::find_if(candidates.begin(), candidates.end(),
                                    [&](const auto& name) { return float_names_.contains(name); });
    if (known != candidates.end()) return *known;
    if (graph_.is_input(before)) return before;
    for (const auto& name : candidates) {
      if (graph_.is_output(name) || name == stem) return name;
    }
    return before;
  }

  void add_weight(const std::string& name, const onnx::TensorProto& values, int type,
                  const onnx::NodeProto& node) {
    TableTensor weight = parameters(node, name, type);
    weight.shape.assign(values.dims().begin(), values.dims().end());
    if (weight.axis) {
      const auto rank = static_cast<int64_t>(weight.shape.size());
      if (*weight.axis < 0) *weight.axis += rank;
      const bool fits = *weight.axis >= 0 && *weight.axis < rank &&
                        weight.shape[static_cast<size_t>(*weight.axis)] ==
                            static_cast<int64_t>(weight.scale.size());
      if (!fits) {
        fail(node, name,
             fmt::format("its {} scales do not fit its shape {}", weight.scale.size(),
                         tensor::to_string(weight.shape)));
      }
    }
    add(table_.parameters, weight, node);
  }

  void add_activation(TableTensor tensor, const onnx::NodeProto& node) {
    const auto key = node.input(1) + '\n' + (node.input_size() > 2 ? node.input(2) : "");
    tensor.root = roots_.emplace(key, tensor.name).first->second;
    add(table_.activations, tensor, node);
  }

  /// Adds a tensor once. Throws Error if it is there with other parameters.
  void add(std::vector<TableTensor>& tensors, const TableTensor& tensor,
           const onnx::NodeProto& node) {
    const auto [place, is_new] = places_.emplace(tensor.name, tensors.size());
    if (is_new) {
      tensors.push_back(tensor);
      return;
    }
    if (place->second < tensors.size() && tensors[place->second].name == tensor.name) {
      const TableTensor& there = tensors[place->second];
      if (there.scale == tensor.scale && there.zero_point == tensor.zero_point &&
          there.quant_min == tensor.quant_min) {
        return;
      }
    }
    fail(node, tensor.name, "is quantized in two ways; a table holds one of each tensor");
  }

  void read_layer(const onnx::NodeProto& node) {
    if (is_quantize(node) || is_dequantize(node) || node.output_size() == 0) return;
    TableLayer layer{.name = node.name(), .op_type = node.op_type()};
    bool reads_codes = false;
    for (const auto& input : node.input()) {
      const auto activation = activations_.find(input);
      layer.inputs.push_back(activation == activations_.end() ? "" : activation->second);
      reads_codes = reads_codes || !layer.inputs.back().empty();
      const auto weight = weights_.find(input);
      if (layer.weight.empty() && weight != weights_.end()) layer.weight = weight->second;
    }
    if (!reads_codes) return;
    if (layer.name.empty()) layer.name = graph::default_name(node);
    layer.own_output = name_of(node.output(0));
    layer.group = graph::int_attribute(node, "group", 1);
    layer.weight_axis = weight_axis(node, layer.weight);
    layer.output = made_by(node);
    table_.layers.push_back(std::move(layer));
  }

  std::optional<int64_t> weight_axis(const onnx::NodeProto& node, const std::string& weight) const {
    const auto place = places_.find(weight);
    if (weight.empty() || place == places_.end()) return std::nullopt;
    return output_channel_axis(node, table_.parameters[place->second].shape.size());
  }

  std::string name_of(const std::string& tensor) const {
    const auto found = names_.find(tensor);
    return found == names_.end() ? tensor : found->second;
  }

  std::string made_by(const onnx::NodeProto& node) const {
    const std::string& output = node.output(0);
    if (names_.contains(output)) return names_.at(output);
    if (!graph_.is_private(output)) return {};
    const onnx::NodeProto& reader = *graph_.uses(output).front().node;
    return is_bound(reader) && names_.contains(reader.output(0)) ? names_.at(reader.output(0))
                                                                 : std::string();
  }

  graph::Graph graph_;
  TensorTable table_;
  std::unordered_set<std::string> float_names_;
  std::unordered_set<std::string> float_constants_;
  std::unordered_map<std::string, const onnx::NodeProto*> float_nodes_;
  /// Where tensors stand in their list.
  std::unordered_map<std::string, size_t> places_;
  /// By scale and zero point: the first tensor that has them.
  std::unordered_map<std::string, std::string> roots_;
  /// What a tensor before, between or behind a pair is called in the table.
  std::unordered_map<std::string, std::string> names_;
  /// Behind a DequantizeLinear: activations, and weights.
  std::unordered_map<std::string, std::string> activations_;
  std::unordered_map<std::string, std::string> weights_;
  std::unordered_map<std::string, std::string> weights_of_codes_;
  std::unordered_map<std::string, const onnx::NodeProto*> quantize_of_;
};

}  // namespace

TensorTable read_qdq_table(onnx::ModelProto model, const std::string& source,
                           const onnx::ModelProto* float_model) {
  return QdqReader(model, source, float_model).read();
}

}  // namespace rangefinder::exporters
