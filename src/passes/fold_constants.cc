// One walk over the nodes finds what depends on no input and gives each such tensor a key: how it
// is computed, down to the initializers. Tensors with one key are one. What is wanted is cut out of
// the model, with all that leads to it, as a model without inputs, which ONNX Runtime runs once.

#include "passes/fold_constants.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "engine/packed_model.h"
#include "engine/session.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"

namespace rangefinder::passes {
namespace {

bool is_random(const onnx::NodeProto& node) {
  static const std::unordered_set<std::string> kTypes = {"RandomNormal",  "RandomNormalLike",
                                                         "RandomUniform", "RandomUniformLike",
                                                         "Multinomial",   "Bernoulli"};
  bool found = kTypes.contains(node.op_type());
  graph::for_each_subgraph(node, [&](const onnx::GraphProto& body) {
    found = found || std::any_of(body.node().begin(), body.node().end(), is_random);
  });
  return found;
}

/// The tensors that depend on no input, and which of them are the same.
class Constants {
 public:
  explicit Constants(const onnx::GraphProto& graph) {
    for (const auto& constant : graph.initializer()) same_[constant.name()] = constant.name();
    for (const auto& input : graph.input()) same_.erase(input.name());
    for (const auto& node : graph.node()) {
      if (is_constant(node)) add(node);
    }
  }

  /// The first tensor that is computed like this one; empty if it depends on an input.
  std::string same_as(const std::string& tensor) const {
    const auto found = same_.find(tensor);
    return found == same_.end() ? std::string() : found->second;
  }

 private:
  bool is_constant(const onnx::NodeProto& node) const {
    const auto reads = graph::reads_of(node);
    return !is_random(node) && std::all_of(reads.begin(), reads.end(),
                                           [&](const auto& name) { return same_.contains(name); });
  }

  void add(const onnx::NodeProto& node) {
    const std::string key = key_of(node);
    const auto [first, is_new] = first_.try_emplace(key, &node);
    for (int i = 0; i < node.output_size(); ++i) {
      const bool known = i < first->second->output_size() && !first->second->output(i).empty();
      same_[node.output(i)] = known ? first->second->output(i) : node.output(i);
    }
  }

  std::string key_of(const onnx::NodeProto& node) const {
    std::string key = node.domain() + ' ' + node.op_type();
    // What reads nothing, like Constant, is as much itself as an initializer is.
    if (node.input_size() == 0) return key + (node.output_size() > 0 ? node.output(0) : "");
    for (const std::string& input : node.input()) key += '\n' + same_as(input);
    for (const auto& attribute : node.attribute()) key += '\n' + attribute.SerializeAsString();
    return key;
  }

  std::unordered_map<std::string, std::string> same_;
  std::unordered_map<std::string, const onnx::NodeProto*> first_;
};

/// A model without inputs whose outputs are `wanted`.
onnx::ModelProto cut_out(const onnx::ModelProto& model,
                         const std::unordered_set<std::string>& wanted) {
  onnx::ModelProto result;
  result.set_ir_version(model.ir_version());
  *result.mutable_opset_import() = model.opset_import();
  *result.mutable_functions() = model.functions();
  onnx::GraphProto& graph = *result.mutable_graph();
  graph.set_name("constants");
  std::unordered_set<std::string> needed = wanted;
  std::vector<const onnx::NodeProto*> nodes;
  for (int i = model.graph().node_size(); i-- > 0;) {
    const onnx::NodeProto& node = model.graph().node(i);
    if (std::none_of(node.output().begin(), node.output().end(),
                     [&](const auto& name) { return needed.contains(name); })) {
      continue;
    }
    nodes.push_back(&node);
    for (const std::string& name : graph::reads_of(node)) needed.insert(name);
  }
  for (size_t i = nodes.size(); i-- > 0;) *graph.add_node() = *nodes[i];
  for (const auto& constant : model.graph().initializer()) {
    if (needed.contains(constant.name())) *graph.add_initializer() = constant;
  }
  for (const std::string& name : wanted) graph.add_output()->set_name(name);
  return result;
}

/// Makes the tensor an initializer; whoever computed it makes something that nobody reads.
void replace(graph::Graph& graph, const std::string& name, const tensor::Tensor& value) {
  if (onnx::NodeProto* producer = graph.producer(name)) {
    for (int i = 0; i < producer->output_size(); ++i) {
      if (producer->output(i) != name) continue;
      graph.rename_output(*producer, i, graph.fresh_name(name + "/unread"));
    }
  }
  graph.add_initializer(graph::make_constant(name, value));
}

}  // namespace

void fold_constants(onnx::ModelProto& model, const std::unordered_set<std::string>& tensors,
                    const std::filesystem::path& path) {
  const Constants constants(model.graph());
  graph::Graph graph(model);
  std::unordered_set<std::string> wanted;
  for (const std::string& name : tensors) {
    const std::string same = constants.same_as(name);
    if (same.empty() || graph.producer(same) == nullptr) continue;
    wanted.insert(same);
    if (same != name) graph.redirect_uses(name, same);
  }
  if (wanted.empty()) return;
  const engine::ModelSource source = engine::pack_model(cut_out(model, wanted), path);
  engine::Session session(source, {.optimization = engine::OptimizationLevel::kNone});
  for (const auto& [name, value] : session.run({})) replace(graph, name, value);
  graph.remove_unread();
  graph.finish();
}

}  // namespace rangefinder::passes
