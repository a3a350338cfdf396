#include "engine/instrument.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "engine/blocked_layout.h"
#include "engine/gates.h"
#include "engine/onnx_messages.h"
#include "engine/operator_nodes.h"
#include "engine/optimize.h"
#include "engine/packed_model.h"
#include "engine/per_worker.h"
#include "engine/pieces.h"
#include "graph/attributes.h"
#include "graph/graph.h"
#include "graph/names.h"
#include "graph/walk.h"

namespace rangefinder::engine {
namespace {

/// When each tensor is there: 0 for inputs, node number + 1 for the outputs of nodes.
std::map<std::string, size_t> positions(const onnx::GraphProto& graph) {
  std::map<std::string, size_t> result;
  for (const auto& input : graph.input()) result[input.name()] = 0;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const auto& name : graph.node(i).output()) result[name] = static_cast<size_t>(i) + 1;
  }
  return result;
}

std::vector<size_t> order_in_graph(const ModelSource& model, const onnx::GraphProto& graph,
                                   std::span<const ObservedTensor> tensors) {
  const auto position = positions(graph);
  for (const ObservedTensor& tensor : tensors) {
    if (!position.contains(tensor.name)) {
      throw Error("the model computes no such tensor",
                  {.file = model.name(), .tensor = tensor.name});
    }
  }
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return position.at(tensors[a].name) < position.at(tensors[b].name);
  });
  return order;
}

/// The tensor whose node makes the output that is asked for.
constexpr size_t kTokenIndex = 0;

/// What Observe nodes are called, and what they make, before their number: the user's tensors may
/// be called like this, too.
std::string token_prefix(const onnx::GraphProto& graph) {
  return graph::unused_prefix(graph, "rangefinder.observed.");
}

void add_observe_node(onnx::GraphProto& graph, const ObservedTensor& tensor, size_t index,
                      const std::string& name) {
  auto& node = *graph.add_node();
  node.set_domain(kOperatorDomain);
  node.set_op_type(kObserveOperator);
  node.set_name(name);
  node.add_input(tensor.name);
  node.add_output(name);
  graph::set_attribute(node, kTensorAttribute, static_cast<int64_t>(index));
  graph::set_attribute(node, kChannelAxisAttribute, tensor.channel_axis);
  graph::set_attribute(node, kBlockAttribute, int64_t{0});
  graph::set_attribute(node, kChannelsAttribute, int64_t{0});
  graph::set_attribute(node, kKeepsRowsAttribute, int64_t{tensor.row_axis ? 1 : 0});
  graph::set_attribute(node, kRowAxisAttribute, tensor.row_axis.value_or(-1));
  graph::set_attribute(node, kKeepsSumsAttribute, int64_t{tensor.sum_axis ? 1 : 0});
  graph::set_attribute(node, kSumAxisAttribute, tensor.sum_axis.value_or(-1));
  graph::set_attribute(node, kKeepsSpreadAttribute, int64_t{tensor.spread_axis ? 1 : 0});
  graph::set_attribute(node, kSpreadAxisAttribute, tensor.spread_axis.value_or(-1));
  graph::set_attribute(node, kIsCountedAttribute, int64_t{tensor.is_counted ? 1 : 0});
  graph::set_attribute(node, kMakesTokenAttribute, int64_t{index == kTokenIndex ? 1 : 0});
  auto* output = graph.add_output();
  output->set_name(name);
  auto* type = output->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::UINT8);
  type->mutable_shape();  // A scalar.
}

/// Moves the leaves to the front: those of the model, then the Observe nodes, the one whose tensor
/// is computed first as the last of them.
///
/// ONNX Runtime runs a graph depth first from its last leaf to its first. In this order each node
/// runs right after the one whose tensor it counts: the values are in cache, and the tensor can be
/// freed. In any other order all tensors would live until the end of the run.
///
/// Behind the other nodes the leaves would run in the same order. But each time that ONNX Runtime
/// looks at a graph it also sorts it by another rule, which takes the first node in the file of all
/// that have what they read, and searches a list of them for each node: leaves that stand behind
/// wait there until all else is sorted, and the time grows with the square of their number.
void order_observe_nodes(onnx::GraphProto& graph) {
  const auto position = positions(graph);
  std::unordered_set<std::string> read;
  for (const auto& node : graph.node()) {
    read.insert(node.input().begin(), node.input().end());
    for (const std::string& name : graph::outer_reads(node)) read.insert(name);
  }
  const int64_t others = graph.node_size() + 2;
  const auto key = [&](const onnx::NodeProto* node) {
    if (!is_observe(node)) {
      const auto is_read = [&](const std::string& output) { return read.contains(output); };
      return std::ranges::any_of(node->output(), is_read) ? others : int64_t{-1};
    }
    const auto found = position.find(node->input(0));
    const size_t computed = found == position.end() ? 0 : found->second;
    return graph.node_size() + 1 - static_cast<int64_t>(computed);
  };
  std::vector<std::pair<int64_t, onnx::NodeProto*>> nodes;
  for (auto& node : *graph.mutable_node()) nodes.emplace_back(key(&node), &node);
  std::stable_sort(nodes.begin(), nodes.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  onnx::GraphProto sorted;
  for (const auto& [ignored, node] : nodes) sorted.add_node()->Swap(node);
  graph.mutable_node()->Swap(sorted.mutable_node());
}

/// Throws Error if the model calls operators as ours: they would count into slots that nobody gave
/// them.
void refuse_own_operators(const ModelSource& model, const onnx::ModelProto& proto) {
  const auto refuse = [&](const std::string& node) {
    throw Error(fmt::format("has operators of the domain '{}', which is this program's own",
                            kOperatorDomain),
                {.file = model.name(), .node = node});
  };
  graph::for_each_node(proto.graph(), [&](const onnx::NodeProto& node) {
    if (node.domain() == kOperatorDomain) refuse(node.name());
  });
  for (const auto& function : proto.functions()) {
    if (function.domain() == kOperatorDomain) refuse(function.name());
  }
}

void import_own_operators(onnx::ModelProto& proto) {
  for (auto& opset : *proto.mutable_opset_import()) {
    if (opset.domain() == kOperatorDomain) return opset.set_version(1);
  }
  auto* opset = proto.add_opset_import();
  opset->set_domain(kOperatorDomain);
  opset->set_version(1);
}

InstrumentedModel add_observe_nodes(const ModelSource& model, onnx::ModelProto proto,
                                    std::span<const ObservedTensor> tensors) {
  refuse_own_operators(model, proto);
  InstrumentedModel result;
  result.graph_order = order_in_graph(model, proto.graph(), tensors);
  const std::string prefix = token_prefix(proto.graph());
  const auto token_name = [&](size_t index) { return fmt::format("{}{}", prefix, index); };
  for (size_t i = 0; i < tensors.size(); ++i) {
    add_observe_node(*proto.mutable_graph(), tensors[i], i, token_name(i));
  }
  order_observe_nodes(*proto.mutable_graph());
  import_own_operators(proto);
  result.model = pack_model(proto, model.file, model.held);
  if (!tensors.empty()) result.token = token_name(kTokenIndex);
  return result;
}

}  // namespace

SessionOptions session_options(const InstrumentedModel& model, ObserveSink& sink) {
  SessionOptions options{.optimization = model.level, .observe = &sink};
  if (!model.token.empty()) options.fetch = {model.token};
  return options;
}

InstrumentedModel instrument_plainly(const ModelSource& model,
                                     std::span<const ObservedTensor> tensors) {
  return add_observe_nodes(model, parse_model(model), tensors);
}

InstrumentedModel instrument(const ModelSource& model, std::span<const ObservedTensor> tensors,
                             Layouts layouts) {
  InstrumentedModel result = instrument_plainly(model, tensors);
  WorkerSlots unused(1, tensors.size());
  HeldModel optimized = optimize_in_pieces(result.model, OptimizationLevel::kAll, cuts_at_observed,
                                           {.observe = &unused});
  write_gates(optimized.model, channel_block());
  onnx::GraphProto& graph = *optimized.model.mutable_graph();
  result.in_place_count = observe_before_conversion(graph, channel_block(), layouts);
  order_observe_nodes(graph);
  result.model = pack_model(optimized.model, model.file, std::move(optimized.held));
  result.level = OptimizationLevel::kNone;
  return result;
}

std::string open_instrumented(const ModelSource& model, std::span<const ObservedTensor> tensors,
                              Layouts layouts, const std::function<void(InstrumentedModel)>& open) {
  try {
    open(instrument(model, tensors, layouts));
    return {};
  } catch (const Error& error) {
    // What is wrong with the model itself will show again.
    open(instrument_plainly(model, tensors));
    return error.what();
  }
}

}  // namespace rangefinder::engine
