#include "graph/opset_upgrade.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/model_file.h"
#include "graph/names.h"
#include "graph/walk.h"

namespace rangefinder::graph {
namespace {

/// A node that has no equivalent: the text becomes the reason.
struct Refusal {
  std::string reason;
};

/// The graph (main or body) being rewritten and what the rules need to know about it.
struct Context {
  onnx::GraphProto& graph;
  int64_t version;
  const RankLookup& rank;
  /// Every name of the model, bodies included.
  Names& names;
  /// Tensors that somebody reads in this graph.
  const std::unordered_set<std::string>& reads;
  /// Nodes to stand where the present node stands, in order, before and after it.
  std::vector<onnx::NodeProto> before = {};
  std::vector<onnx::NodeProto> after = {};
};

/// A rule rewrites nodes of one type when the model's version is below `since`.
struct Rule {
  std::string_view op_type;
  int64_t since;
  void (*rewrite)(onnx::NodeProto&, Context&);
};

/// A new name after the node's output.
std::string fresh_name(const onnx::NodeProto& node, Context& context, std::string_view what) {
  return context.names.take(fmt::format("{}_{}", node.output(0), what));
}

/// Appends the values of an integer attribute as an input, and drops the attribute.
void move_int64s(onnx::NodeProto& node, Context& context, std::string_view attribute) {
  const auto values = ints_attribute(node, attribute);
  const std::string name = fresh_name(node, context, attribute);
  node.add_input(name);
  *context.graph.add_initializer() = make_int64s(name, values);
  remove_attribute(node, attribute);
}

std::string add_scalar(const onnx::NodeProto& node, Context& context, std::string_view what,
                       float value) {
  std::string name = fresh_name(node, context, what);
  *context.graph.add_initializer() = make_floats(name, {}, std::array{value});
  return name;
}

/// Squeeze, Unsqueeze, ReduceSum: `axes` became the second input.
void axes_to_input(onnx::NodeProto& node, Context& context) {
  if (find_attribute(node, "axes")) move_int64s(node, context, "axes");
}

void split_to_input(onnx::NodeProto& node, Context& context) {
  if (find_attribute(node, "split")) move_int64s(node, context, "split");
}

void slice_to_inputs(onnx::NodeProto& node, Context& context) {
  move_int64s(node, context, "starts");
  move_int64s(node, context, "ends");
  axes_to_input(node, context);
}

void top_k_to_input(onnx::NodeProto& node, Context& context) {
  const std::array k = {int_attribute(node, "k", 1)};
  const std::string name = fresh_name(node, context, "k");
  node.add_input(name);
  *context.graph.add_initializer() = make_int64s(name, k);
  remove_attribute(node, "k");
}

void clip_to_inputs(onnx::NodeProto& node, Context& context) {
  const auto bound = [&](std::string_view name) {
    const auto* attribute = find_attribute(node, name);
    return attribute ? add_scalar(node, context, name, attribute->f()) : std::string();
  };
  const std::string min = bound("min");
  const std::string max = bound("max");
  node.add_input(min);
  node.add_input(max);
  remove_attribute(node, "min");
  remove_attribute(node, "max");
}

void pad_to_inputs(onnx::NodeProto& node, Context& context) {
  move_int64s(node, context, "pads");
  if (string_attribute(node, "mode", "constant") == "constant") {
    node.add_input(add_scalar(node, context, "value", float_attribute(node, "value", 0)));
  }
  remove_attribute(node, "value");
}

/// Every tensor that the graph or a body in it reads, or gives out.
std::unordered_set<std::string> reads_of(const onnx::GraphProto& graph) {
  std::unordered_set<std::string> reads;
  for (const auto& output : graph.output()) reads.insert(output.name());
  for_each_node(graph, [&](const onnx::NodeProto& node) {
    reads.insert(node.input().begin(), node.input().end());
    for_each_subgraph(node, [&](const onnx::GraphProto& body) {
      for (const auto& output : body.output()) reads.insert(output.name());
    });
  });
  return reads;
}

/// At inference Dropout passes its input through; its mask output has no equivalent.
void drop_dropout(onnx::NodeProto& node, Context& context) {
  if (node.output_size() > 1 && !node.output(1).empty() && context.reads.contains(node.output(1))) {
    throw Refusal{"the mask of Dropout is read"};
  }
  while (node.output_size() > 1) node.mutable_output()->RemoveLast();
  node.set_op_type("Identity");
  node.clear_attribute();
  while (node.input_size() > 1) node.mutable_input()->RemoveLast();
}

void drop_spatial(onnx::NodeProto& node, Context&) {
  if (int_attribute(node, "spatial", 1) != 1) throw Refusal{"BatchNormalization is not spatial"};
  remove_attribute(node, "spatial");
}

void scatter_elements(onnx::NodeProto& node, Context&) { node.set_op_type("ScatterElements"); }

/// True if every factor is known and at least 1.
bool never_shrinks(const onnx::GraphProto& graph, const std::string& scales) {
  for (const auto& constant : graph.initializer()) {
    if (constant.name() != scales) continue;
    const tensor::Tensor factors = read_constant(constant).to_float32();
    return std::all_of(factors.floats().begin(), factors.floats().end(),
                       [](float factor) { return factor >= 1; });
  }
  return false;
}

/// Upsample, and Resize of set 10: asymmetric coordinates; nearest takes the floor when growing.
void resize(onnx::NodeProto& node, Context& context) {
  if (const auto* attribute = find_attribute(node, "scales")) {
    const std::vector<float> values(attribute->floats().begin(), attribute->floats().end());
    const std::string name = fresh_name(node, context, "scales");
    node.add_input(name);
    *context.graph.add_initializer() =
        make_floats(name, {static_cast<int64_t>(values.size())}, values);
    remove_attribute(node, "scales");
  }
  if (node.input_size() != 2) throw Refusal{"has no scales"};
  const std::string scales = node.input(1);
  const std::string mode = string_attribute(node, "mode", "nearest");
  if (node.op_type() == "Resize" && mode == "nearest" && !never_shrinks(context.graph, scales)) {
    throw Refusal{"Resize of operator set 10 that may shrink"};
  }
  node.set_op_type("Resize");
  node.set_input(1, "");
  node.add_input(scales);
  set_attribute(node, "mode", std::string_view(mode == "bilinear" ? "linear" : mode));
  set_attribute(node, "coordinate_transformation_mode", std::string_view("asymmetric"));
  set_attribute(node, "nearest_mode", std::string_view("floor"));
}

onnx::NodeProto make_node(std::string_view op_type, const std::vector<std::string>& inputs,
                          const std::string& output) {
  onnx::NodeProto node;
  node.set_op_type(std::string(op_type));
  node.set_name(output);
  for (const auto& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

/// Below set 13 Softmax runs over all axes from `axis` on as if they were one.
void softmax(onnx::NodeProto& node, Context& context) {
  const int64_t axis = int_attribute(node, "axis", 1);
  const auto rank = context.rank(node.input(0));
  if (axis == -1 || (rank && axis == *rank - 1)) {
    set_attribute(node, "axis", int64_t{-1});
    return;
  }
  const std::string input = node.input(0);
  const std::string output = node.output(0);
  const std::string flat = fresh_name(node, context, "flat");
  const std::string shape = fresh_name(node, context, "shape");
  onnx::NodeProto flatten = make_node("Flatten", {input}, flat);
  set_attribute(flatten, "axis", axis);
  context.before.push_back(flatten);
  context.before.push_back(make_node("Shape", {input}, shape));
  node.set_input(0, flat);
  node.set_output(0, fresh_name(node, context, "softmax"));
  set_attribute(node, "axis", int64_t{-1});
  context.after.push_back(make_node("Reshape", {node.output(0), shape}, output));
}

void refuse_scan(onnx::NodeProto&, Context&) { throw Refusal{"Scan of operator set 8"}; }

constexpr std::array<Rule, 17> kRules = {{
    {"Scan", 9, refuse_scan},
    {"BatchNormalization", 9, drop_spatial},
    {"Upsample", 10, resize},
    {"Slice", 10, slice_to_inputs},
    {"TopK", 10, top_k_to_input},
    {"Resize", 11, resize},
    {"Clip", 11, clip_to_inputs},
    {"Pad", 11, pad_to_inputs},
    {"Scatter", 11, scatter_elements},
    {"Dropout", 12, drop_dropout},
    {"Squeeze", 13, axes_to_input},
    {"Unsqueeze", 13, axes_to_input},
    {"ReduceSum", 13, axes_to_input},
    {"Split", 13, split_to_input},
    {"Softmax", 13, softmax},
    {"LogSoftmax", 13, softmax},
    {"Hardmax", 13, softmax},
}};

void apply_rule(onnx::NodeProto& node, Context& context) {
  if (!node.domain().empty() && node.domain() != "ai.onnx") return;
  for (const Rule& rule : kRules) {
    if (rule.op_type != node.op_type() || context.version >= rule.since) continue;
    if (node.input().empty() || node.output().empty()) throw Refusal{"has no inputs or outputs"};
    rule.rewrite(node, context);
    return;
  }
}

void upgrade_graph(onnx::GraphProto& graph, int64_t version, const RankLookup& rank, Names& names) {
  const std::unordered_set<std::string> reads = reads_of(graph);
  std::vector<std::vector<onnx::NodeProto>> before;
  std::vector<std::vector<onnx::NodeProto>> after;
  for (auto& node : *graph.mutable_node()) {
    Context context{graph, version, rank, names, reads};
    const std::string name = !node.name().empty()    ? node.name()
                             : node.output().empty() ? node.op_type()
                                                     : node.output(0);
    try {
      for_each_subgraph(node,
                        [&](onnx::GraphProto& body) { upgrade_graph(body, version, rank, names); });
      apply_rule(node, context);
    } catch (Refusal& refusal) {
      throw Refusal{fmt::format("node '{}': {}", name, refusal.reason)};
    }
    before.push_back(std::move(context.before));
    after.push_back(std::move(context.after));
  }
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
  for (size_t i = 0; i < before.size(); ++i) {
    for (auto& extra : before[i]) nodes.Add()->Swap(&extra);
    nodes.Add()->Swap(graph.mutable_node(static_cast<int>(i)));
    for (auto& extra : after[i]) nodes.Add()->Swap(&extra);
  }
  graph.mutable_node()->Swap(&nodes);
}

}  // namespace

std::optional<std::string> upgrade_opset(onnx::ModelProto& model, const RankLookup& rank) {
  const int64_t version = opset_version(model);
  if (version >= kAxisOpset) return std::nullopt;
  if (version < 7) return fmt::format("operator set {} is older than 7", version);
  onnx::ModelProto upgraded = model;
  try {
    Names names;
    names.add_all(upgraded.graph());
    upgrade_graph(*upgraded.mutable_graph(), version, rank, names);
  } catch (const Refusal& refusal) {
    return refusal.reason;
  }
  for (auto& opset : *upgraded.mutable_opset_import()) {
    if (opset.domain().empty() || opset.domain() == "ai.onnx") opset.set_version(kAxisOpset);
  }
  model = std::move(upgraded);
  return std::nullopt;
}

}  // namespace rangefinder::graph
