#include "analog/export/export_model.h"

#include <map>
#include <set>

#include "analog/export/ranges_file.h"
#include "analog/export/scan_nodes.h"
#include "analog/export/tile_nodes.h"
#include "graph/attributes.h"
#include "graph/metadata.h"

namespace rangefinder::analog {
namespace {

void collect_names(const onnx::GraphProto& graph, std::set<std::string>& names) {
  for (const auto& value : graph.input()) names.insert(value.name());
  for (const auto& value : graph.initializer()) names.insert(value.name());
  for (const auto& node : graph.node()) {
    names.insert(node.name());
    names.insert(node.output().begin(), node.output().end());
    graph::for_each_subgraph(node, [&](const auto& body) { collect_names(body, names); });
  }
}

/// A start that no name of the graph has.
std::string unused_prefix(const onnx::GraphProto& graph) {
  std::set<std::string> names;
  collect_names(graph, names);
  std::string prefix = "analog/";
  const auto taken = [&] {
    const auto next = names.lower_bound(prefix);
    return next != names.end() && next->starts_with(prefix);
  };
  while (taken()) prefix.insert(0, "analog_");
  return prefix;
}

void collect_reads(const onnx::GraphProto& graph, std::set<std::string>& names) {
  for (const auto& value : graph.output()) names.insert(value.name());
  for (const auto& node : graph.node()) {
    names.insert(node.input().begin(), node.input().end());
    graph::for_each_subgraph(node, [&](const auto& body) { collect_reads(body, names); });
  }
}

/// Drops the float weights that no node reads any more, and inputs that only named them.
void drop_unread(onnx::GraphProto& graph) {
  std::set<std::string> read;
  collect_reads(graph, read);
  std::set<std::string> dropped;
  onnx::GraphProto kept;
  for (auto& initializer : *graph.mutable_initializer()) {
    if (read.contains(initializer.name())) {
      kept.add_initializer()->Swap(&initializer);
    } else {
      dropped.insert(initializer.name());
    }
  }
  for (auto& input : *graph.mutable_input()) {
    if (!dropped.contains(input.name())) kept.add_input()->Swap(&input);
  }
  graph.mutable_initializer()->Swap(kept.mutable_initializer());
  graph.mutable_input()->Swap(kept.mutable_input());
}

/// Which layer (the first, of a recurrent node) each node became.
std::map<std::string, std::string> layers_of_nodes(const AnalogModel& model) {
  std::map<std::string, std::string> result;
  for (const AnalogLayer& layer : model.layers) {
    for (const CallSite& site : layer.sites) result.try_emplace(site.node, layer.name);
  }
  return result;
}

/// The digital bias of a Gemm: beta * C.
void write_gemm_bias(NodeWriter& writer, const onnx::NodeProto& node, const std::string& products) {
  if (node.input_size() < 3 || node.input(2).empty()) return;
  std::string bias = node.input(2);
  const float beta = graph::float_attribute(node, "beta", 1.0f);
  if (beta != 1.0f) bias = writer.add("Mul", {bias, writer.scalar(beta)});
  writer.add("Add", {products, bias});
}

void write_layer(NodeWriter& writer, const ProgrammedLayers& layers, const std::string& name,
                 const onnx::NodeProto& node) {
  if (node.op_type() != "Conv" && node.op_type() != "Gemm" && node.op_type() != "MatMul") {
    write_recurrent(writer, layers, node);
    return;
  }
  const ProgrammedLayer& layer = layers.at(name);
  if (node.op_type() == "Conv") {
    write_convolution(writer, layer, node);
  } else {
    write_gemm_bias(writer, node, write_linear(writer, layer, node.input(0)));
  }
  writer.name_last_output(node.output(0));
}

ProgrammedLayers program_layers(const AnalogModel& model, const ExportOptions& options) {
  ProgrammedLayers layers;
  std::optional<NormalSource> noise;
  if (options.noise_seed) noise.emplace(*options.noise_seed);
  for (const AnalogLayer& layer : model.layers) {
    layers.try_emplace(layer.name, layer, model.compatibility, noise ? &*noise : nullptr);
  }
  return layers;
}

}  // namespace

onnx::ModelProto export_model(const AnalogModel& model, const ExportOptions& options) {
  const ProgrammedLayers layers = program_layers(model, options);
  const auto layer_of_node = layers_of_nodes(model);
  onnx::ModelProto result = model.model;
  onnx::GraphProto& graph = *result.mutable_graph();
  const std::string prefix = unused_prefix(graph);
  graph.clear_node();
  for (const onnx::NodeProto& node : model.model.graph().node()) {
    const auto layer = layer_of_node.find(node.name());
    if (layer == layer_of_node.end()) {
      *graph.add_node() = node;
      continue;
    }
    NodeWriter writer(graph, prefix + node.name() + "/");
    write_layer(writer, layers, layer->second, node);
  }
  drop_unread(graph);
  graph::set_metadata(result, kRangesKey, ranges_json(model));
  graph::set_metadata(result, kConfigKey, to_json(model.config));
  if (model.compatibility == Compatibility::kAihwkit) {
    graph::set_metadata(result, kCompatibilityKey, kAihwkitName);
  }
  return result;
}

}  // namespace rangefinder::analog
