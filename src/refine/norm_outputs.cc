// From the norm we go forward to the matrices that read what it gives:
//
//   core -> Mul(gain) -> Add(bias) -> x -> [Reshape, Transpose] -> MatMul
//   LayerNormalization(gain, bias) -> x -> [Reshape, Transpose] -> Gemm, ...
//
// If x leads nowhere else, the constants take the scales and the graph stays as it is. In a network
// that normalizes behind its residual additions, x is also read by the next one: that must not see
// the scales, so they go into a Mul of their own on the way to the matrices.

#include "refine/norm_outputs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/operator_nodes.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "refine/float_constant.h"

namespace rangefinder::refine {
namespace {

using engine::is;

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

class Search {
 public:
  Search(graph::Graph& graph, const passes::Annotation& annotation)
      : graph_(graph), annotation_(annotation) {
    for (const auto& node : annotation.weighted) {
      if (node.has_constant_weight) weighted_.insert(node.name);
    }
  }

  std::vector<ScalableChannels> run() {
    std::vector<ScalableChannels> found;
    for (const auto& node : graph_.message().node()) {
      const auto norm = norm_at(node);
      if (!norm) continue;
      ScalableChannels output{.output = node.output(0), .maker = norm->node};
      const bool is_seen_by_matrices_alone = follow(node.output(0), norm->channels, output);
      if (!observe(output)) continue;
      if (is_seen_by_matrices_alone && norm->is_private) output.constants = norm->constants;
      found.push_back(std::move(output));
    }
    return found;
  }

 private:
  struct Norm {
    std::string node;
    std::vector<std::pair<std::string, int>> constants = {};
    bool is_private = true;
    /// 0: not known.
    int64_t channels = 0;
  };

  /// A row of more than one value along the last axis, the same for all others.
  bool is_row(const std::string& name) const {
    const auto* constant = float_constant(graph_, name);
    if (constant == nullptr || constant->dims_size() == 0) return false;
    const auto& dims = constant->dims();
    return dims[dims.size() - 1] > 1 &&
           std::all_of(dims.begin(), dims.end() - 1, [](int64_t size) { return size == 1; });
  }

  /// By one of its own: what other nodes read is to stay one constant.
  bool multiplies_by_matrix(const onnx::NodeProto& node) const {
    if (!is(&node, "MatMul") && !is(&node, "Gemm")) return false;
    if (graph_.uses(node.input(1)).size() > 1) return false;
    const auto* matrix = float_constant(graph_, node.input(1));
    return matrix && matrix->dims_size() == 2 && graph::int_attribute(node, "transA", 0) == 0;
  }

  /// Gathers the matrices that read the norm's output and the reads of it that lead to them. False
  /// if others see it, too.
  bool follow(const std::string& output, int64_t channels, ScalableChannels& into) const {
    bool is_complete = is_seen_by_nodes(output);
    for (const graph::Use& use : graph_.uses(output)) {
      ScalableChannels branch;
      if (leads_to_matrices(use, channels, branch)) {
        into.reads.emplace_back(use.node->name(), use.input);
        append(branch.tensors, into.tensors);
        append(branch.readers, into.readers);
      } else {
        is_complete = false;
      }
    }
    return is_complete;
  }

  bool leads_to_matrices(const graph::Use& use, int64_t channels, ScalableChannels& branch) const {
    const onnx::NodeProto& node = *use.node;
    if (use.input != 0) return false;
    if (multiplies_by_matrix(node)) {
      branch.tensors.push_back(node.input(0));
      branch.readers.push_back({node.name(), weighted_.contains(node.name()), node.input(0)});
      return true;
    }
    if (!keeps_last_axis(node, channels) || !is_seen_by_nodes(node.output(0))) return false;
    const auto& uses = graph_.uses(node.output(0));
    return !uses.empty() && std::all_of(uses.begin(), uses.end(), [&](const graph::Use& next) {
      return leads_to_matrices(next, channels, branch);
    });
  }

  template <typename T>
  static void append(const std::vector<T>& from, std::vector<T>& to) {
    to.insert(to.end(), from.begin(), from.end());
  }

  /// Chooses the tensor to observe; false if nothing computes in integers.
  bool observe(ScalableChannels& output) const {
    const bool any = std::any_of(output.readers.begin(), output.readers.end(),
                                 [](const auto& reader) { return reader.is_integer; });
    if (!any) return false;
    for (const auto& name : output.tensors) {
      const auto* tensor = annotation_.find(name);
      if (tensor == nullptr || !tensor->is_observed()) continue;
      output.observed = {name};
      return true;
    }
    return false;
  }

  bool is_seen_by_nodes(const std::string& tensor) const {
    return !graph_.is_output(tensor) && !graph_.is_used_by_body(tensor);
  }

  /// A node that moves whole rows of channels.
  bool keeps_last_axis(const onnx::NodeProto& node, int64_t channels) const {
    if (is(&node, "Transpose")) {
      const auto* permutation = graph::find_attribute(node, "perm");
      const int rank = permutation == nullptr ? 0 : permutation->ints_size();
      return rank > 0 && permutation->ints(rank - 1) == rank - 1;
    }
    if (!is(&node, "Reshape")) return false;
    const auto* shape = graph_.initializer(node.input(1));
    if (shape == nullptr || shape->dims_size() != 1) return false;
    const auto sizes = graph::read_int64s(*shape);
    return !sizes.empty() && channels > 0 && sizes.back() == channels;
  }

  /// The norm whose last node this is.
  std::optional<Norm> norm_at(const onnx::NodeProto& node) const {
    if (node.domain() == "com.microsoft" && contains(kFusedNorms, node)) return Norm{node.name()};
    if (contains(kLayerNorms, node)) return layer_norm(node);
    if (is(&node, "Add")) return norm_with_bias(node);
    return is(&node, "Mul") ? gain(node) : std::nullopt;
  }

  std::optional<Norm> layer_norm(const onnx::NodeProto& node) const {
    Norm norm{node.name()};
    for (int i = 1; i < node.input_size(); ++i) {
      if (node.input(i).empty()) continue;
      // One gain for each channel only if the last axis alone is normalized.
      if (!is_row(node.input(i)) || float_constant(graph_, node.input(i))->dims_size() != 1) {
        return Norm{node.name()};
      }
      norm.constants.emplace_back(node.name(), i);
      norm.channels = float_constant(graph_, node.input(i))->dims(0);
    }
    return norm;
  }

  std::optional<Norm> norm_with_bias(const onnx::NodeProto& add) const {
    const int place = is_row(add.input(1)) ? 1 : 0;
    if (!is_row(add.input(place))) return {};
    const auto* maker = graph_.producer(add.input(1 - place));
    if (maker == nullptr || !is(maker, "Mul")) return {};
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
    if (maker == nullptr || (!is(maker, "Div") && !is(maker, "Mul"))) return {};
    const auto& dims = float_constant(graph_, mul.input(place))->dims();
    return Norm{mul.name(), {{mul.name(), place}}, true, dims[dims.size() - 1]};
  }

  graph::Graph& graph_;
  const passes::Annotation& annotation_;
  std::unordered_set<std::string> weighted_;
};

}  // namespace

std::vector<ScalableChannels> norm_outputs(graph::Graph& graph,
                                           const passes::Annotation& annotation) {
  return Search(graph, annotation).run();
}

}  // namespace rangefinder::refine
