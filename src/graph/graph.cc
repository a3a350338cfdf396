#include "graph/graph.h"

#include <algorithm>
#include <queue>
#include <set>
#include <utility>

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

onnx::ValueInfoProto value_info(const std::string& name, tensor::ElementType type,
                                const std::optional<tensor::Shape>& shape) {
  onnx::ValueInfoProto info;
  info.set_name(name);
  auto& declared = *info.mutable_type()->mutable_tensor_type();
  declared.set_elem_type(static_cast<int32_t>(type));
  if (!shape) return info;
  declared.mutable_shape();
  for (const int64_t size : *shape) {
    auto& dimension = *declared.mutable_shape()->add_dim();
    if (size >= 0) dimension.set_dim_value(size);
  }
  return info;
}

std::vector<std::string> reads_of(const onnx::NodeProto& node) {
  std::vector<std::string> reads(node.input().begin(), node.input().end());
  std::erase(reads, "");
  for (std::string& name : outer_reads(node)) reads.push_back(std::move(name));
  return reads;
}

Graph::Graph(onnx::ModelProto& model) : model_(model) {
  onnx::GraphProto& graph = message();
  for (int i = 0; i < graph.initializer_size(); ++i) {
    initializers_[graph.initializer(i).name()] = i;
  }
  for (const auto& input : graph.input()) {
    if (!initializers_.contains(input.name())) inputs_.insert(input.name());
  }
  for (const auto& output : graph.output()) outputs_.insert(output.name());
  names_.add_all(graph);
  for (auto& node : *graph.mutable_node()) index_node(node);
}

void Graph::index_node(onnx::NodeProto& node) {
  // The empty name stands for an optional input or output that is left out.
  for (const auto& output : node.output()) {
    if (output.empty()) continue;
    producers_[output] = &node;
  }
  for (int i = 0; i < node.input_size(); ++i) {
    if (!node.input(i).empty()) uses_[node.input(i)].uses.push_back({&node, i});
  }
  for (const auto& name : outer_reads(node)) body_uses_[name].push_back(&node);
}

onnx::NodeProto* Graph::producer(const std::string& tensor) const {
  const auto found = producers_.find(tensor);
  return found == producers_.end() ? nullptr : found->second;
}

const std::vector<Use>& Graph::uses(const std::string& tensor) const {
  static const std::vector<Use> kNone;
  const auto found = uses_.find(tensor);
  if (found == uses_.end()) return kNone;
  if (found->second.has_stale) drop_stale(tensor, found->second);
  return found->second.uses;
}

void Graph::mark_stale(const std::string& tensor) {
  const auto found = uses_.find(tensor);
  if (found != uses_.end()) found->second.has_stale = true;
}

/// Leaves out what nodes no longer read; and what one reads again, which is noted twice then.
void Graph::drop_stale(const std::string& tensor, Reads& reads) const {
  std::set<std::pair<const onnx::NodeProto*, int>> known;
  std::vector<Use> kept;
  for (size_t i = reads.uses.size(); i-- > 0;) {
    const Use& use = reads.uses[i];
    if (removed_.contains(use.node) || use.input >= use.node->input_size()) continue;
    if (use.node->input(use.input) != tensor) continue;
    if (known.insert({use.node, use.input}).second) kept.push_back(use);
  }
  std::reverse(kept.begin(), kept.end());
  reads = {std::move(kept), false};
}

bool Graph::is_read(const std::string& tensor) const {
  return !uses(tensor).empty() || is_output(tensor) || is_used_by_body(tensor);
}

const onnx::TensorProto* Graph::initializer(const std::string& tensor) const {
  const auto found = initializers_.find(tensor);
  return found == initializers_.end() ? nullptr : &model_.graph().initializer(found->second);
}

bool Graph::is_private(const std::string& tensor) const {
  return uses(tensor).size() == 1 && !is_output(tensor) && !is_used_by_body(tensor);
}

std::string Graph::fresh_name(const std::string& wanted) { return names_.take(wanted); }

onnx::NodeProto& Graph::add_node(std::string_view op_type, const std::string& name,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs, std::string_view domain) {
  onnx::NodeProto& node = *message().add_node();
  node.set_op_type(std::string(op_type));
  node.set_name(name);
  if (!domain.empty()) node.set_domain(std::string(domain));
  for (const auto& input : inputs) node.add_input(input);
  for (const auto& output : outputs) node.add_output(output);
  names_.add(name);
  for (const auto& output : outputs) names_.add(output);
  index_node(node);
  return node;
}

std::string Graph::add_initializer(onnx::TensorProto constant) {
  std::string name = constant.name();
  const auto found = initializers_.find(name);
  if (found != initializers_.end()) {
    *message().mutable_initializer(found->second) = std::move(constant);
  } else {
    initializers_[name] = message().initializer_size();
    *message().add_initializer() = std::move(constant);
    names_.add(name);
  }
  return name;
}

void Graph::set_input(onnx::NodeProto& node, int input, const std::string& tensor) {
  if (node.input(input) == tensor) return;
  mark_stale(node.input(input));
  node.set_input(input, tensor);
  if (!tensor.empty()) uses_[tensor].uses.push_back({&node, input});
}

void Graph::rename_output(onnx::NodeProto& node, int output, const std::string& tensor) {
  producers_.erase(node.output(output));
  node.set_output(output, tensor);
  producers_[tensor] = &node;
  names_.add(tensor);
}

void Graph::remove_node(onnx::NodeProto& node) {
  for (const auto& output : node.output()) {
    if (producer(output) == &node) producers_.erase(output);
  }
  for (const auto& input : node.input()) mark_stale(input);
  removed_.insert(&node);
}

void Graph::redirect_uses(const std::string& from, const std::string& to) {
  const std::vector<Use> old_uses = uses(from);
  for (const Use& use : old_uses) set_input(*use.node, use.input, to);
  const auto found = body_uses_.find(from);
  if (found == body_uses_.end()) return;
  const std::vector<onnx::NodeProto*> readers = std::move(found->second);
  body_uses_.erase(found);
  for (onnx::NodeProto* node : readers) {
    for_each_subgraph(*node, [&](onnx::GraphProto& body) { redirect_in_body(body, from, to); });
  }
  auto& uses = body_uses_[to];
  uses.insert(uses.end(), readers.begin(), readers.end());
}

void Graph::remove_unread() {
  std::vector<onnx::NodeProto*> candidates;
  for (auto& node : *message().mutable_node()) candidates.push_back(&node);
  const auto read = [this](const std::string& tensor) { return is_read(tensor); };
  while (!candidates.empty()) {
    // New nodes stand at the end, so one backward sweep need not reach all: what the removed ones
    // read is looked at again.
    std::vector<onnx::NodeProto*> makers;
    std::unordered_set<const onnx::NodeProto*> listed;
    for (auto node = candidates.rbegin(); node != candidates.rend(); ++node) {
      const auto& outputs = (*node)->output();
      if (removed_.contains(*node) || std::any_of(outputs.begin(), outputs.end(), read)) continue;
      remove_node(**node);
      for (const auto& input : (*node)->input()) {
        auto* maker = producer(input);
        if (maker != nullptr && listed.insert(maker).second) makers.push_back(maker);
      }
    }
    candidates = std::move(makers);
  }
}

void Graph::finish() {
  onnx::GraphProto& graph = message();
  // The value of an input that may be left out stays: without it the input would be required.
  std::unordered_set<std::string> optional_inputs;
  for (const auto& input : graph.input()) optional_inputs.insert(input.name());
  // Before the nodes: who reads what is asked of the nodes as they stand.
  google::protobuf::RepeatedPtrField<onnx::TensorProto> constants;
  for (auto& constant : *graph.mutable_initializer()) {
    const std::string name = constant.name();
    if (is_read(name) || optional_inputs.contains(name)) constants.Add()->Swap(&constant);
  }
  graph.mutable_initializer()->Swap(&constants);
  google::protobuf::RepeatedPtrField<onnx::NodeProto> kept;
  for (auto& node : *graph.mutable_node()) {
    if (!removed_.contains(&node)) kept.Add()->Swap(&node);
  }
  graph.mutable_node()->Swap(&kept);
  sort_nodes(graph);
}

std::string default_name(const onnx::NodeProto& node) {
  return node.output_size() > 0 ? node.op_type() + "_" + node.output(0) : node.op_type();
}

void name_nodes(onnx::ModelProto& model) {
  auto& nodes = *model.mutable_graph()->mutable_node();
  Names names;
  for (const auto& node : nodes) {
    if (!node.name().empty()) names.add(node.name());
  }
  std::unordered_set<std::string> kept;
  for (auto& node : nodes) {
    if (!node.name().empty() && kept.insert(node.name()).second) continue;
    node.set_name(names.take(node.name().empty() ? default_name(node) : node.name()));
  }
}

}  // namespace rangefinder::graph
