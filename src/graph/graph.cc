#include "graph/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <stdexcept>

#include "base/error.h"
#include "graph/attributes.h"

namespace rangefinder::graph {
namespace {

/// Reads of `graph` that nothing inside it makes, added to `reads`.
void collect_outer_reads(const onnx::GraphProto& graph, std::vector<std::string>& reads) {
  std::unordered_set<std::string> inside;
  for (const auto& input : graph.input()) inside.insert(input.name());
  for (const auto& constant : graph.initializer()) inside.insert(constant.name());
  for (const auto& node : graph.node()) inside.insert(node.output().begin(), node.output().end());
  std::vector<std::string> all;
  for (const auto& node : graph.node()) {
    all.insert(all.end(), node.input().begin(), node.input().end());
    for_each_subgraph(node, [&](const onnx::GraphProto& body) { collect_outer_reads(body, all); });
  }
  for (const auto& output : graph.output()) all.push_back(output.name());
  for (const std::string& name : all) {
    if (!name.empty() && !inside.contains(name)) reads.push_back(name);
  }
}

/// Names inside a body: the same name outside would be hidden there.
void collect_names(const onnx::GraphProto& graph, std::unordered_set<std::string>& names) {
  for (const auto& input : graph.input()) names.insert(input.name());
  for (const auto& constant : graph.initializer()) names.insert(constant.name());
  for (const auto& node : graph.node()) {
    names.insert(node.name());
    names.insert(node.output().begin(), node.output().end());
    for_each_subgraph(node, [&](const onnx::GraphProto& body) { collect_names(body, names); });
  }
}

void redirect_in_body(onnx::GraphProto& graph, const std::string& from, const std::string& to) {
  for (auto& node : *graph.mutable_node()) {
    for (auto& input : *node.mutable_input()) {
      if (input == from) input = to;
    }
    for_each_subgraph(node, [&](onnx::GraphProto& body) { redirect_in_body(body, from, to); });
  }
  for (auto& output : *graph.mutable_output()) {
    if (output.name() == from) output.set_name(to);
  }
}

/// Node indices so that each comes after the nodes it reads from, ties in the present order.
std::vector<int> sorted_order(const onnx::GraphProto& graph) {
  std::unordered_map<std::string, int> makers;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const auto& output : graph.node(i).output()) makers[output] = i;
  }
  const auto count = static_cast<size_t>(graph.node_size());
  std::vector<std::vector<int>> readers(count);
  std::vector<int> waits(count, 0);
  for (int i = 0; i < graph.node_size(); ++i) {
    std::vector<std::string> reads(graph.node(i).input().begin(), graph.node(i).input().end());
    for (const auto& name : outer_reads(graph.node(i))) reads.push_back(name);
    for (const auto& name : reads) {
      const auto maker = makers.find(name);
      if (name.empty() || maker == makers.end()) continue;
      readers[static_cast<size_t>(maker->second)].push_back(i);
      ++waits[static_cast<size_t>(i)];
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (size_t i = 0; i < count; ++i) {
    if (waits[i] == 0) ready.push(static_cast<int>(i));
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int node = ready.top();
    ready.pop();
    order.push_back(node);
    for (const int reader : readers[static_cast<size_t>(node)]) {
      if (--waits[static_cast<size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (order.size() != count) throw Error("the graph has a cycle");
  return order;
}

void sort_nodes(onnx::GraphProto& graph) {
  google::protobuf::RepeatedPtrField<onnx::NodeProto> sorted;
  for (const int i : sorted_order(graph)) sorted.Add()->Swap(graph.mutable_node(i));
  graph.mutable_node()->Swap(&sorted);
}

}  // namespace

std::vector<std::string> outer_reads(const onnx::NodeProto& node) {
  std::vector<std::string> reads;
  for_each_subgraph(node, [&](const onnx::GraphProto& body) { collect_outer_reads(body, reads); });
  return reads;
}

Graph::Graph(onnx::ModelProto& model) : model_(model) {
  onnx::GraphProto& graph = message();
  for (int i = 0; i < graph.initializer_size(); ++i) {
    initializers_[graph.initializer(i).name()] = i;
    names_.insert(graph.initializer(i).name());
  }
  for (const auto& input : graph.input()) {
    if (!initializers_.contains(input.name())) inputs_.insert(input.name());
    names_.insert(input.name());
  }
  for (const auto& output : graph.output()) outputs_.insert(output.name());
  for (const auto& info : graph.value_info()) names_.insert(info.name());
  for (auto& node : *graph.mutable_node()) index_node(node);
}

void Graph::index_node(onnx::NodeProto& node) {
  names_.insert(node.name());
  // The empty name stands for an optional input or output that is left out.
  for (const auto& output : node.output()) {
    if (output.empty()) continue;
    producers_[output] = &node;
    names_.insert(output);
  }
  for (int i = 0; i < node.input_size(); ++i) {
    if (!node.input(i).empty()) uses_[node.input(i)].push_back({&node, i});
  }
  for (const auto& name : outer_reads(node)) body_uses_.insert(name);
  for_each_subgraph(node, [&](const onnx::GraphProto& body) { collect_names(body, names_); });
}

onnx::NodeProto* Graph::producer(const std::string& tensor) const {
  const auto found = producers_.find(tensor);
  return found == producers_.end() ? nullptr : found->second;
}

const std::vector<Use>& Graph::uses(const std::string& tensor) const {
  static const std::vector<Use> kNone;
  const auto found = uses_.find(tensor);
  return found == uses_.end() ? kNone : found->second;
}

const onnx::TensorProto* Graph::initializer(const std::string& tensor) const {
  const auto found = initializers_.find(tensor);
  return found == initializers_.end() ? nullptr : &model_.graph().initializer(found->second);
}

bool Graph::is_private(const std::string& tensor) const {
  return uses(tensor).size() == 1 && !is_output(tensor) && !is_used_by_body(tensor);
}

std::string Graph::fresh_name(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 1; names_.contains(name); ++i) name = fmt::format("{}_{}", wanted, i);
  names_.insert(name);
  return name;
}

onnx::NodeProto& Graph::add_node(std::string_view op_type, const std::string& name,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs, std::string_view domain) {
  onnx::NodeProto& node = *message().add_node();
  node.set_op_type(std::string(op_type));
  node.set_name(name);
  if (!domain.empty()) node.set_domain(std::string(domain));
  for (const auto& input : inputs) node.add_input(input);
  for (const auto& output : outputs) node.add_output(output);
  index_node(node);
  return node;
}

std::string Graph::add_initializer(onnx::TensorProto constant) {
  const std::string name = constant.name();
  const auto found = initializers_.find(name);
  if (found != initializers_.end()) {
    *message().mutable_initializer(found->second) = std::move(constant);
  } else {
    initializers_[name] = message().initializer_size();
    *message().add_initializer() = std::move(constant);
    names_.insert(name);
  }
  return name;
}

void Graph::set_input(onnx::NodeProto& node, int input, const std::string& tensor) {
  auto& old_uses = uses_[node.input(input)];
  std::erase_if(old_uses, [&](const Use& use) { return use.node == &node && use.input == input; });
  node.set_input(input, tensor);
  if (!tensor.empty()) uses_[tensor].push_back({&node, input});
}

void Graph::rename_output(onnx::NodeProto& node, int output, const std::string& tensor) {
  producers_.erase(node.output(output));
  node.set_output(output, tensor);
  producers_[tensor] = &node;
  names_.insert(tensor);
}

void Graph::remove_node(onnx::NodeProto& node) {
  for (const auto& output : node.output()) {
    if (producer(output) == &node) producers_.erase(output);
  }
  for (int i = 0; i < node.input_size(); ++i) {
    std::erase_if(uses_[node.input(i)], [&](const Use& use) { return use.node == &node; });
  }
  removed_.insert(&node);
}

void Graph::redirect_uses(const std::string& from, const std::string& to) {
  const std::vector<Use> old_uses = uses(from);
  for (const Use& use : old_uses) set_input(*use.node, use.input, to);
  if (!body_uses_.contains(from)) return;
  for (auto& node : *message().mutable_node()) {
    for_each_subgraph(node, [&](onnx::GraphProto& body) { redirect_in_body(body, from, to); });
  }
  body_uses_.erase(from);
  body_uses_.insert(to);
}

void Graph::remove_unread() {
  const auto is_read = [&](const std::string& tensor) {
    return !uses(tensor).empty() || is_output(tensor) || is_used_by_body(tensor);
  };
  // New nodes stand at the end, so one backward sweep need not reach all: repeat until nothing
  // goes.
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = message().node_size(); i-- > 0;) {
      onnx::NodeProto& node = *message().mutable_node(i);
      if (removed_.contains(&node)) continue;
      if (std::any_of(node.output().begin(), node.output().end(), is_read)) continue;
      remove_node(node);
      changed = true;
    }
  }
}

void Graph::finish() {
  onnx::GraphProto& graph = message();
  google::protobuf::RepeatedPtrField<onnx::NodeProto> kept;
  for (auto& node : *graph.mutable_node()) {
    if (!removed_.contains(&node)) kept.Add()->Swap(&node);
  }
  graph.mutable_node()->Swap(&kept);
  // The value of an input that may be left out stays: without it the input would be required.
  std::unordered_set<std::string> optional_inputs;
  for (const auto& input : graph.input()) optional_inputs.insert(input.name());
  google::protobuf::RepeatedPtrField<onnx::TensorProto> constants;
  for (auto& constant : *graph.mutable_initializer()) {
    const std::string name = constant.name();
    const bool read = !uses(name).empty() || is_output(name) || is_used_by_body(name);
    if (read || optional_inputs.contains(name)) constants.Add()->Swap(&constant);
  }
  graph.mutable_initializer()->Swap(&constants);
  sort_nodes(graph);
}

void name_nodes(onnx::ModelProto& model) {
  std::unordered_set<std::string> taken;
  for (auto& node : *model.mutable_graph()->mutable_node()) {
    std::string wanted = node.name();
    if (wanted.empty()) {
      wanted = node.output_size() > 0 ? node.op_type() + "_" + node.output(0) : node.op_type();
    }
    std::string name = wanted;
    for (int i = 1; !taken.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
    node.set_name(name);
  }
}

}  // namespace rangefinder::graph
