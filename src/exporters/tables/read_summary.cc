#include "exporters/tables/read_summary.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_set>

#include "base/error.h"
#include "base/json.h"
#include "exporters/tables/weight_codes.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::ordered_json;

const Json& member(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end()) {
    throw std::invalid_argument(
        fmt::format("has no '{}': it is no summary of 'quantize' or 'solve'", name));
  }
  return *found;
}

/// The code that stands for a bound of the range.
int64_t code_of(double bound, const TableTensor& tensor) {
  const double code = std::nearbyint(bound / static_cast<double>(tensor.scale[0]));
  constexpr double kMost = 65536;
  if (!(std::abs(code) <= kMost)) {
    throw std::invalid_argument(
        fmt::format("tensor '{}': a range to {} and a scale of {} do not fit together", tensor.name,
                    bound, tensor.scale[0]));
  }
  return static_cast<int64_t>(code) + tensor.zero_point[0];
}

TableTensor tensor_of(const Json& row) {
  TableTensor tensor{.name = json_string(member(row, "name"), "name"),
                     .root = json_string(member(row, "root"), "root")};
  const float scale = json_float(member(row, "scale"), "scale");
  if (!(scale > 0)) {
    throw std::invalid_argument(fmt::format("tensor '{}': the scale is {}", tensor.name, scale));
  }
  tensor.scale = {scale};
  tensor.zero_point = {
      static_cast<int32_t>(json_integer(member(row, "offset"), "offset", -65536, 65536))};
  const Json& range = member(row, "range");
  if (!range.is_array() || range.size() != 2) {
    throw std::invalid_argument(fmt::format("tensor '{}': the range is {}, two numbers are needed",
                                            tensor.name, json_excerpt(range)));
  }
  tensor.quant_min = code_of(json_number(range[0], "range"), tensor);
  tensor.quant_max = code_of(json_number(range[1], "range"), tensor);
  const bool holds_zero =
      tensor.quant_min <= tensor.zero_point[0] && tensor.zero_point[0] <= tensor.quant_max;
  if (tensor.quant_min >= tensor.quant_max || !holds_zero) {
    throw std::invalid_argument(
        fmt::format("tensor '{}': the range is {}", tensor.name, json_excerpt(range)));
  }
  return tensor;
}

void read_tensors(const Json& summary, TensorTable& table) {
  const Json& rows = member(summary, "tensors");
  if (!rows.is_array()) throw std::invalid_argument("'tensors' is no list");
  std::unordered_set<std::string> names;
  for (const Json& row : rows) {
    table.activations.push_back(tensor_of(row));
    const std::string& name = table.activations.back().name;
    if (!names.insert(name).second) {
      throw std::invalid_argument(fmt::format("tensor '{}' comes twice", name));
    }
  }
  for (const TableTensor& tensor : table.activations) {
    if (names.contains(tensor.root)) continue;
    throw std::invalid_argument(
        fmt::format("tensor '{}': its root '{}' is not there", tensor.name, tensor.root));
  }
}

std::unordered_set<std::string> float_nodes(const Json& summary) {
  std::unordered_set<std::string> names;
  const auto rows = summary.find("float_nodes");
  if (rows == summary.end() || !rows->is_array()) return names;
  for (const Json& row : *rows) names.insert(json_string(member(row, "name"), "name"));
  return names;
}

/// Adds layers and weights of the model that the summary is of.
class LayerReader {
 public:
  LayerReader(onnx::ModelProto& model, TensorTable& table, std::unordered_set<std::string> floats)
      : graph_(model), table_(table), float_nodes_(std::move(floats)) {
    keep_those_of_the_model();
    for (const auto& tensor : table.activations) names_.insert(tensor.name);
  }

  void read() {
    for (const auto& node : graph_.message().node()) read(node);
    table_.input_shape = first_input_shape(graph_);
  }

 private:
  void keep_those_of_the_model() {
    std::unordered_set<std::string> known;
    for (const auto& tensor : table_.activations) {
      const bool is_there = graph_.producer(tensor.name) || graph_.is_input(tensor.name);
      if (is_there) known.insert(tensor.name);
    }
    keep_known(table_, known);
  }

  void read(const onnx::NodeProto& node) {
    if (node.output_size() == 0 || node.input_size() == 0) return;
    TableLayer layer{.name = node.name().empty() ? graph::default_name(node) : node.name(),
                     .op_type = node.op_type(),
                     .own_output = node.output(0),
                     .group = graph::int_attribute(node, "group", 1)};
    if (!names_.contains(node.input(0)) || float_nodes_.contains(layer.name)) return;
    for (const auto& input : node.input()) {
      layer.inputs.push_back(names_.contains(input) ? input : "");
    }
    layer.output = made_by(node);
    read_weight(node, layer);
    table_.layers.push_back(std::move(layer));
  }

  void read_weight(const onnx::NodeProto& node, TableLayer& layer) {
    if (!graph::has_weight_operator(node.op_type()) || node.input_size() < 2) return;
    const auto* weight = graph::find_constant(graph_, node.input(1));
    if (!weight) return;
    layer.weight = node.input(1);
    TableTensor codes = weight_codes(node, layer.weight, *weight);
    layer.weight_axis = codes.axis;
    if (weights_.insert(layer.weight).second) table_.parameters.push_back(std::move(codes));
  }

  /// The tensor of the table behind what was fused into the node.
  std::string made_by(const onnx::NodeProto& node) const {
    const onnx::NodeProto* last = &node;
    while (!names_.contains(last->output(0))) {
      if (!graph_.is_private(last->output(0))) return {};
      last = graph_.uses(last->output(0)).front().node;
      static const std::unordered_set<std::string> kFused = {"Relu", "Clip", "BatchNormalization",
                                                             "Identity", "Dropout"};
      if (!kFused.contains(last->op_type()) || last->output_size() == 0) return {};
    }
    return last->output(0);
  }

  graph::Graph graph_;
  TensorTable& table_;
  std::unordered_set<std::string> float_nodes_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> weights_;
};

}  // namespace

TensorTable read_summary_table(std::string_view text, const std::string& source,
                               const onnx::ModelProto* float_model) {
  TensorTable table{.source = source};
  std::unordered_set<std::string> floats;
  try {
    const Json summary = parse_json(text);
    read_tensors(summary, table);
    floats = float_nodes(summary);
  } catch (const std::invalid_argument& error) {
    throw Error(error.what(), {.file = source});
  }
  if (float_model) {
    onnx::ModelProto model = *float_model;
    try {
      LayerReader(model, table, std::move(floats)).read();
    } catch (const Error& error) {
      throw error.within({.file = source});
    }
  }
  return table;
}

}  // namespace rangefinder::exporters
