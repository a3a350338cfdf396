#include "exporters/float_guard.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/operator_nodes.h"
#include "graph/attributes.h"
#include "graph/model_file.h"

// ONNX Runtime fuses what stands between DequantizeLinear and QuantizeLinear:
//
//   codes -> DequantizeLinear -> Sigmoid -> QuantizeLinear -> codes     becomes     QLinearSigmoid
//
// Any node between that it does not know keeps them apart:
//
//   codes -> DequantizeLinear -> Sigmoid -> Max -> QuantizeLinear -> codes
//
// It also lets DequantizeLinear sink through nodes that only move values, and QuantizeLinear rise
// through them, so that "between" reaches over chains of movers; and such a mover runs on codes as
// soon as codes lie on one of its sides. It is guarded on both.

namespace rangefinder::exporters {
namespace {

using engine::is_one_of;

/// Through these ONNX Runtime moves DequantizeLinear and QuantizeLinear; ArgMax takes codes, too.
constexpr std::array<std::string_view, 7> kMovers = {"MaxPool",   "Reshape", "Transpose", "Squeeze",
                                                     "Unsqueeze", "Slice",   "ArgMax"};
/// These run on codes if those before and behind have the same scale and zero point.
constexpr std::array<std::string_view, 10> kKeepers = {
    "DepthToSpace", "Expand",    "Flatten", "Gather", "GatherElements",
    "ReduceMax",    "ReduceMin", "Resize",  "Split",  "Tile"};
/// These become integer kernels whatever the scales are; Relu and Clip become QuantizeLinear.
constexpr std::array<std::string_view, 11> kArithmetic = {
    "Add",  "AveragePool", "Clip",    "Concat", "GlobalAveragePool", "LeakyRelu", "Mul",
    "Relu", "Sigmoid",     "Softmax", "Where"};
/// These become integer kernels whatever is behind them.
constexpr std::array<std::string_view, 3> kProducts = {"Conv", "Gemm", "MatMul"};

/// Einsum over all axes, which the layout optimizer does not push Transpose through, knows no
/// ellipsis before this operator set.
constexpr int64_t kEinsumSet = 12;

class FloatGuard {
 public:
  FloatGuard(graph::Graph& graph, const passes::Annotation& annotation, const SolvedTensors& solved)
      : graph_(graph),
        solved_(solved),
        guarded_(annotation.kept_float.begin(), annotation.kept_float.end()) {
    for (const auto& tensor : annotation.tensors) tensors_[tensor.name] = &tensor;
    has_einsum_ = graph::opset_version(graph.model()) >= kEinsumSet;
  }

  void run() {
    std::vector<onnx::NodeProto*> nodes;
    for (auto& node : *graph_.message().mutable_node()) {
      if (guarded_.contains(node.name()) && node.output_size() > 0) nodes.push_back(&node);
    }
    for (onnx::NodeProto* node : nodes) guard(*node);
  }

 private:
  void guard(onnx::NodeProto& node) {
    if (is_one_of(&node, kMovers)) {
      if (codes_before(node.input(0))) guard_input(node, 0);
      if (codes_behind(node.output(0))) guard_output(node);
    } else if (is_one_of(&node, kProducts)) {
      if (codes_before(node.input(0)) && codes_before(node.input(1))) guard_input(node, 0);
    } else if (is_one_of(&node, kKeepers)) {
      const auto* before = codes_before(node.input(0));
      for (int i = 0; before != nullptr && i < node.output_size(); ++i) {
        const auto* behind = codes_behind(node.output(i));
        if (behind == nullptr || !have_same_parameters(*before, *behind)) continue;
        guard_input(node, 0);
        return;
      }
    } else if (is_one_of(&node, kArithmetic)) {
      const bool all =
          std::none_of(node.input().begin(), node.input().end(), [&](const auto& input) {
            return is_float_data(node, input) && codes_before(input) == nullptr;
          });
      if (all && codes_behind(node.output(0)) != nullptr) guard_output(node);
    }
  }

  /// Bounds of a Clip and the condition of a Where are no data.
  static bool is_float_data(const onnx::NodeProto& node, const std::string& input) {
    if (node.op_type() == "Clip") return input == node.input(0);
    return node.op_type() != "Where" || input != node.input(0);
  }

  /// The tensor of codes that a DequantizeLinear before `tensor` reads, after it has sunk.
  const passes::QuantizedTensor* codes_before(std::string tensor) const {
    for (;;) {
      const auto found = tensors_.find(tensor);
      if (found != tensors_.end() && is_hidden(*found->second)) return found->second;
      const auto* maker = graph_.producer(tensor);
      if (!is_one_of(maker, kMovers) || guarded_.contains(maker->name())) {
        return nullptr;
      }
      tensor = maker->input(0);
    }
  }

  /// Who reads the float tensor stands behind its DequantizeLinear.
  static bool is_hidden(const passes::QuantizedTensor& tensor) {
    return tensor.hides_float || !tensor.codes_of.empty();
  }

  /// The tensor of codes that a QuantizeLinear behind `tensor` writes, after it has risen.
  const passes::QuantizedTensor* codes_behind(const std::string& tensor) const {
    std::vector<std::string> waiting = {tensor};
    std::unordered_set<std::string> seen;
    while (!waiting.empty()) {
      const std::string name = std::move(waiting.back());
      waiting.pop_back();
      if (!seen.insert(name).second) continue;
      const auto found = tensors_.find(name);
      if (found != tensors_.end()) return found->second;
      for (const graph::Use& use : graph_.uses(name)) {
        const bool moves = use.input == 0 && is_one_of(use.node, kMovers);
        if (moves && !guarded_.contains(use.node->name())) waiting.push_back(use.node->output(0));
      }
    }
    return nullptr;
  }

  bool have_same_parameters(const passes::QuantizedTensor& left,
                            const passes::QuantizedTensor& right) const {
    if (left.root == right.root) return left.factor == right.factor;
    const auto& a = solved_.at(left.root);
    const auto& b = solved_.at(right.root);
    return a.scale.at(0) * left.factor == b.scale.at(0) * right.factor && a.offset == b.offset;
  }

  /// A tensor of its own between what makes `input` and this node alone.
  void guard_input(onnx::NodeProto& node, int input) {
    const std::string tensor = node.input(input);
    const std::string copy = graph_.fresh_name(tensor + "_kept_float");
    graph_.set_input(node, input, copy);
    add_copy(node, tensor, copy);
  }

  void guard_output(onnx::NodeProto& node) {
    const std::string tensor = node.output(0);
    const std::string before = graph_.fresh_name(tensor + "_kept_float");
    graph_.rename_output(node, 0, before);
    add_copy(node, before, tensor);
  }

  void add_copy(const onnx::NodeProto& guarded, const std::string& from, const std::string& to) {
    const bool is_transpose = guarded.op_type() == "Transpose" && has_einsum_;
    auto& copy = graph_.add_node(is_transpose ? "Einsum" : "Max",
                                 graph_.fresh_name(guarded.name() + "_kept_float"), {from}, {to});
    if (is_transpose) graph::set_attribute(copy, "equation", std::string_view("...->..."));
  }

  graph::Graph& graph_;
  const SolvedTensors& solved_;
  std::unordered_set<std::string> guarded_;
  std::unordered_map<std::string, const passes::QuantizedTensor*> tensors_;
  bool has_einsum_ = false;
};

}  // namespace

void guard_float_nodes(graph::Graph& graph, const passes::Annotation& annotation,
                       const SolvedTensors& solved) {
  FloatGuard(graph, annotation, solved).run();
}

void guard_bodies(graph::Graph& graph) {
  // What ArgMax gives are no codes.
  const auto moves = [](const onnx::NodeProto& node) {
    return is_one_of(&node, kMovers) && node.op_type() != "ArgMax";
  };
  const auto sinks_to = [&](const onnx::NodeProto* node) {
    while (node != nullptr && moves(*node)) node = graph.producer(node->input(0));
    return node != nullptr && node->op_type() == "DequantizeLinear";
  };
  std::vector<onnx::NodeProto*> nodes;
  for (auto& node : *graph.message().mutable_node()) {
    if (moves(node) && graph.is_used_by_body(node.output(0)) && sinks_to(&node)) {
      nodes.push_back(&node);
    }
  }
  for (onnx::NodeProto* node : nodes) {
    const std::string tensor = node->output(0);
    const std::string moved = graph.fresh_name(tensor + "_moved");
    const std::vector<graph::Use> uses = graph.uses(tensor);
    for (const graph::Use& use : uses) graph.set_input(*use.node, use.input, moved);
    graph.rename_output(*node, 0, moved);
    graph.add_node("Max", graph.fresh_name(node->name() + "_for_bodies"), {moved}, {tensor});
  }
}

}  // namespace rangefinder::exporters
