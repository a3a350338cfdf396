#include "engine/blocked_layout.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/operator_nodes.h"
#include "engine/probe.h"
#include "graph/attributes.h"

namespace rangefinder::engine {
namespace {

bool is_reorder(const onnx::NodeProto& node) { return is(&node, "ReorderOutput", kBlockedDomain); }

bool is_transpose(const onnx::NodeProto& node) { return is(&node, "Transpose"); }

/// How often each tensor is read, by nodes, by bodies of If and Loop, and as an output.
using Readers = std::map<std::string, int>;

void count_readers(const onnx::GraphProto& graph, Readers& readers) {
  for (const auto& output : graph.output()) ++readers[output.name()];
  for (const auto& node : graph.node()) {
    for (const auto& name : node.input()) ++readers[name];
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) count_readers(attribute.g(), readers);
      for (const auto& body : attribute.graphs()) count_readers(body, readers);
    }
  }
}

/// The axes that an Observe node counts or adds up along, by the name of their attribute, of a
/// tensor with so many dimensions.
std::map<std::string, int64_t> axes_of(const onnx::NodeProto& observe, int64_t rank) {
  std::map<std::string, int64_t> axes;
  const int64_t channel_axis = graph::int_attribute(observe, kChannelAxisAttribute, -1);
  if (channel_axis >= 0) axes[kChannelAxisAttribute] = channel_axis;
  const auto add = [&](const char* wanted, const char* name) {
    if (graph::int_attribute(observe, wanted, 0) == 0) return;
    const int64_t axis = graph::int_attribute(observe, name, -1);
    axes[name] = axis < 0 ? axis + rank : axis;
  };
  add(kKeepsSumsAttribute, kSumAxisAttribute);
  add(kKeepsSpreadAttribute, kSpreadAxisAttribute);
  return axes;
}

/// Makes an Observe node fit the blocked tensor. False if that layout does not serve it.
bool fit_to_blocks(onnx::NodeProto& observe, const onnx::NodeProto& reorder, int64_t block) {
  constexpr int64_t kRank = 4;
  const int64_t channels = graph::int_attribute(reorder, "channels", 0);
  if (block <= 0 || channels <= 0) return false;
  const int64_t channel_axis = graph::int_attribute(reorder, "channels_last", 0) != 0 ? 3 : 1;
  for (const auto& [name, axis] : axes_of(observe, kRank)) {
    if (axis != channel_axis) return false;
  }
  set_blocks(observe, block, channels);
  return true;
}

/// Makes an Observe node fit the tensor before a transposition.
bool fit_to_transposed(onnx::NodeProto& observe, const onnx::NodeProto& transpose) {
  const auto* permutation = graph::find_attribute(transpose, "perm");
  const int64_t rank = permutation == nullptr ? 0 : permutation->ints_size();
  const auto axes = axes_of(observe, rank);
  // The samples of a batch are told from each other along the first axis.
  if (axes.contains(kSumAxisAttribute) && (rank == 0 || permutation->ints(0) != 0)) return false;
  for (const auto& [name, axis] : axes) {
    if (axis < 0 || axis >= rank) return false;
  }
  for (const auto& [name, axis] : axes) {
    graph::set_attribute(observe, name, permutation->ints(static_cast<int>(axis)));
  }
  return true;
}

/// The edit of one graph.
class Rewiring {
 public:
  Rewiring(onnx::GraphProto& graph, int64_t block, Layouts layouts)
      : graph_(graph), block_(block), layouts_(layouts) {
    count_readers(graph, readers_);
    for (auto& node : *graph.mutable_node()) {
      if (is_observe(&node)) ++observe_readers_[node.input(0)];
      if (is_reorder(node) || is_transpose(node)) producers_[node.output(0)] = &node;
    }
  }

  size_t run() {
    size_t moved = 0;
    for (auto& node : *graph_.mutable_node()) {
      if (is_observe(&node) && move(node)) ++moved;
    }
    drop_unread();
    return moved;
  }

 private:
  /// Moves one Observe node up, past a Transpose and a ReorderOutput if need be. Rows are only
  /// there as the model knows the tensor.
  bool move(onnx::NodeProto& observe) {
    if (graph::int_attribute(observe, kKeepsRowsAttribute, 0) != 0) return false;
    bool moved = false;
    while (graph::int_attribute(observe, kBlockAttribute, 0) == 0) {
      const auto producer = producers_.find(observe.input(0));
      if (producer == producers_.end()) break;
      const onnx::NodeProto& conversion = *producer->second;
      if (layouts_ == Layouts::kChannelBlocks && !is_conversion(&conversion, "ReorderOutput"))
        break;
      // A transposition that the model itself needs is no cost of ours.
      if (is_transpose(conversion) && !only_observed(conversion)) break;
      const bool fits = is_transpose(conversion) ? fit_to_transposed(observe, conversion)
                                                 : fit_to_blocks(observe, conversion, block_);
      if (!fits) break;
      --readers_[observe.input(0)];
      --observe_readers_[observe.input(0)];
      observe.set_input(0, conversion.input(0));
      ++readers_[observe.input(0)];
      ++observe_readers_[observe.input(0)];
      moved = true;
    }
    return moved;
  }

  bool only_observed(const onnx::NodeProto& conversion) const {
    const auto observed = observe_readers_.find(conversion.output(0));
    return observed != observe_readers_.end() &&
           observed->second == readers_.at(conversion.output(0));
  }

  /// A conversion may be dropped once all its readers left. Only ours did leave.
  void drop_unread() {
    onnx::GraphProto kept;
    for (auto node = graph_.mutable_node()->rbegin(); node != graph_.mutable_node()->rend();
         ++node) {
      const bool conversion = is_reorder(*node) || is_transpose(*node);
      if (conversion && readers_[node->output(0)] == 0) {
        --readers_[node->input(0)];
      } else {
        kept.add_node()->Swap(&*node);
      }
    }
    std::reverse(kept.mutable_node()->pointer_begin(), kept.mutable_node()->pointer_end());
    graph_.mutable_node()->Swap(kept.mutable_node());
  }

  onnx::GraphProto& graph_;
  int64_t block_;
  Layouts layouts_;
  Readers readers_;
  std::map<std::string, int> observe_readers_;
  std::map<std::string, const onnx::NodeProto*> producers_;
};

/// ReorderInput shows how far channels are rounded up.
int64_t probe_channel_block() {
  constexpr int64_t kFewestChannels = 4;  // Blocks are multiples of it.
  try {
    Session session = open_probe([](graph::Graph& graph) {
      graph.add_node("ReorderInput", "reorder", {"x"}, {"y"}, kBlockedDomain);
    });
    const tensor::Tensor x(tensor::ElementType::kFloat32, {1, kFewestChannels, 1, 1});
    const tensor::NamedTensors result = session.run({{"x", x}});
    return result.at("y").shape().at(1);
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

int64_t channel_block() {
  static const int64_t block = probe_channel_block();
  return block;
}

size_t observe_before_conversion(onnx::GraphProto& graph, int64_t block, Layouts layouts) {
  return Rewiring(graph, block, layouts).run();
}

}  // namespace rangefinder::engine
