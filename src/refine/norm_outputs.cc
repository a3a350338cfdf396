// From a tensor that matrices read we go back to the norm that made it:
//
//   core -> Mul(gain) -> Add(bias) -> x -> [Reshape, Transpose] -> tensor -> MatMul, MatMul, ...
//   LayerNormalization(gain, bias) -> x
//
// If nobody else sees anything on that way, the constants take the scales and the graph stays as it
// is. In a network that normalizes behind its residual additions, x is also read by the next one:
// that must not see the scales, so they go into a Mul of their own before the matrices.

#include "refine/norm_outputs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "graph/attributes.h"
#include "graph/constants.h"

namespace rangefinder::refine {
namespace {

/// Norms with gain at input 1 and, if there is one, bias at input 2, over the last axis.
constexpr std::array<std::string_view, 3> kLayerNorms = {
    "LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"};
/// Of com.microsoft: nothing is known of where their gains are, a Mul behind them serves as well.
constexpr std::array<std::string_view, 3> kFusedNorms = {
    "SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "EmbedLayerNormalization"};

template <size_t N>
bool contains(const std::array<std::string_view, N>& types, const onnx::NodeProto& node) {
  return std::find(types.begin(), types.end(), node.op_type()) != types.end();
}

bool is(const onnx::NodeProto& node, std::string_view op_type) {
  return node.op_type() == op_type && node.domain().empty();
}

class Search {
 public:
  Search(graph::Graph& graph, const passes::Annotation& annotation)
      : graph_(graph), annotation_(annotation) {
    for (const auto& node : annotation.weighted) {
      if (node.has_constant_weight) weighted_.insert(node.name);
    }
  }

  std::vector<NormOutput> run() {
    std::vector<NormOutput> found;
    for (const auto& tensor : annotation_.tensors) {
      if (!tensor.is_observed()) continue;
      std::vector<SmoothedReader> readers = readers_of(tensor.name);
      const bool any = std::any_of(readers.begin(), readers.end(),
                                   [](const auto& reader) { return reader.is_integer; });
      if (!any) continue;
      NormOutput output{.tensor = tensor.name, .readers = std::move(readers)};
      if (trace(output)) found.push_back(std::move(output));
    }
    return found;
  }

 private:
  struct Norm {
    std::string node;
    std::vector<std::pair<std::string, int>> constants = {};
    bool is_private = true;
  };

  const onnx::TensorProto* float_constant(const std::string& name) const {
    const auto* constant = graph_.initializer(name);
    const bool is_float = constant && constant->data_type() == onnx::TensorProto::FLOAT;
    return is_float ? constant : nullptr;
  }

  /// A row of more than one value along the last axis, the same for all others.
  bool is_row(const std::string& name) const {
    const auto* constant = float_constant(name);
    if (constant == nullptr || constant->dims_size() == 0) return false;
    const auto& dims = constant->dims();
    return dims[dims.size() - 1] > 1 &&
           std::all_of(dims.begin(), dims.end() - 1, [](int64_t size) { return size == 1; });
  }

  bool multiplies_by_matrix(const onnx::NodeProto& node) const {
    if (!is(node, "MatMul") && !is(node, "Gemm")) return false;
    const auto* matrix = float_constant(node.input(1));
    return matrix && matrix->dims_size() == 2 && graph::int_attribute(node, "transA", 0) == 0;
  }

  std::vector<SmoothedReader> readers_of(const std::string& tensor) const {
    std::vector<SmoothedReader> readers;
    for (const graph::Use& use : graph_.uses(tensor)) {
      if (use.input == 0 && multiplies_by_matrix(*use.node)) {
        readers.push_back({use.node->name(), weighted_.contains(use.node->name())});
      }
    }
    return readers;
  }

  bool trace(NormOutput& output) const {
    const auto& uses = graph_.uses(output.tensor);
    bool is_private = uses.size() == output.readers.size() && is_seen_by_nodes(output.tensor);
    std::string tensor = output.tensor;
    const auto* maker = graph_.producer(tensor);
    while (maker != nullptr && keeps_last_axis(*maker)) {
      tensor = maker->input(0);
      is_private = is_private && graph_.is_private(tensor);
      maker = graph_.producer(tensor);
    }
    if (maker == nullptr) return false;
    auto norm = norm_at(*maker);
    if (!norm) return false;
    output.norm = norm->node;
    if (is_private && norm->is_private) output.constants = std::move(norm->constants);
    return true;
  }

  bool is_seen_by_nodes(const std::string& tensor) const {
    return !graph_.is_output(tensor) && !graph_.is_used_by_body(tensor);
  }

  /// A node that moves whole rows of channels.
  bool keeps_last_axis(const onnx::NodeProto& node) const {
    if (is(node, "Transpose")) {
      const auto* permutation = graph::find_attribute(node, "perm");
      const int rank = permutation == nullptr ? 0 : permutation->ints_size();
      return rank > 0 && permutation->ints(rank - 1) == rank - 1;
    }
    if (!is(node, "Reshape")) return false;
    const auto* shape = graph_.initializer(node.input(1));
    if (shape == nullptr || shape->dims_size() != 1) return false;
    const auto sizes = graph::read_int64s(*shape);
    const auto channels = channels_of(node.input(0));
    return !sizes.empty() && channels && sizes.back() == *channels;
  }

  /// Known from the gain or bias that is applied last.
  std::optional<int64_t> channels_of(const std::string& tensor) const {
    const auto* maker = graph_.producer(tensor);
    if (maker == nullptr) return {};
    if (keeps_last_axis(*maker)) return channels_of(maker->input(0));
    const auto norm = norm_at(*maker);
    if (!norm || norm->constants.empty()) return {};
    const auto& [node, input] = norm->constants.front();
    const auto& dims = norm_constant(*maker, node, input)->dims();
    return dims[dims.size() - 1];
  }

  const onnx::TensorProto* norm_constant(const onnx::NodeProto& last, const std::string& node,
                                         int input) const {
    if (last.name() == node) return graph_.initializer(last.input(input));
    for (const auto& name : last.input()) {
      const auto* maker = graph_.producer(name);
      if (maker && maker->name() == node) return graph_.initializer(maker->input(input));
    }
    return nullptr;
  }

  /// The norm whose last node this is.
  std::optional<Norm> norm_at(const onnx::NodeProto& node) const {
    if (node.domain() == "com.microsoft" && contains(kFusedNorms, node)) return Norm{node.name()};
    if (contains(kLayerNorms, node)) return layer_norm(node);
    if (is(node, "Add")) return norm_with_bias(node);
    return is(node, "Mul") ? gain(node) : std::nullopt;
  }

  std::optional<Norm> layer_norm(const onnx::NodeProto& node) const {
    Norm norm{node.name()};
    for (int i = 1; i < node.input_size(); ++i) {
      if (node.input(i).empty()) continue;
      // One gain for each channel only if the last axis alone is normalized.
      if (!is_row(node.input(i)) || float_constant(node.input(i))->dims_size() != 1) {
        return Norm{node.name()};
      }
      norm.constants.emplace_back(node.name(), i);
    }
    return norm;
  }

  std::optional<Norm> norm_with_bias(const onnx::NodeProto& add) const {
    const int place = is_row(add.input(1)) ? 1 : 0;
    if (!is_row(add.input(place))) return {};
    const auto* maker = graph_.producer(add.input(1 - place));
    if (maker == nullptr || !is(*maker, "Mul")) return {};
    auto norm = gain(*maker);
    if (!norm) return {};
    norm->is_private = graph_.is_private(add.input(1 - place));
    norm->constants.emplace_back(add.name(), place);
    return norm;
  }

  /// A row that what is divided by its deviation, or multiplied by the inverse of it, is multiplied
  /// by.
  std::optional<Norm> gain(const onnx::NodeProto& mul) const {
    const int place = is_row(mul.input(1)) ? 1 : 0;
    if (!is_row(mul.input(place))) return {};
    const auto* maker = graph_.producer(mul.input(1 - place));
    if (maker == nullptr || (!is(*maker, "Div") && !is(*maker, "Mul"))) return {};
    return Norm{mul.name(), {{mul.name(), place}}};
  }

  graph::Graph& graph_;
  const passes::Annotation& annotation_;
  std::unordered_set<std::string> weighted_;
};

}  // namespace

std::vector<NormOutput> norm_outputs(graph::Graph& graph, const passes::Annotation& annotation) {
  return Search(graph, annotation).run();
}

}  // namespace rangefinder::refine
