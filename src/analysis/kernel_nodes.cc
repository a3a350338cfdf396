#include "analysis/kernel_nodes.h"

#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "engine/profile.h"

// In the network                          what ONNX Runtime runs of its quantized form
//
//   x -Conv-> c -Relu-> r -Conv-> d         x -QuantizeLinear-> x_codes -QLinearConv-> r_codes
//                                             -QLinearConv-> d_codes -DequantizeLinear-> d
//
// x_codes is x, r_codes is r, d_codes is d: the quantized form says so before it is optimized. So
// the conversions make a tensor of itself, which computes no node; the first QLinearConv makes r,
// and going back from there Relu and Conv are met before x, which some kernel makes or nobody does.
// Where ONNX Runtime makes up a name for r_codes, that of the kernel tells what it is: of the
// tensor where it computes in blocks ("r_nchwc"), else of Conv, which the quantized form goes on
// from to r.

namespace rangefinder::analysis {
namespace {

using Names = std::unordered_map<std::string, std::string>;

/// What ONNX Runtime calls a kernel in blocks of channels by: the tensor that it makes, and this.
constexpr std::string_view kBlocked = "_nchwc";
/// Longer ways back than any fused operator was written out in are taken for a mistake.
constexpr size_t kMostBehind = 200;

bool converts(const std::string& op_type) {
  return op_type == "QuantizeLinear" || op_type == "DequantizeLinear" || op_type == "Cast";
}

/// Also what the network itself may hold: then its tensors differ.
bool reorders(const std::string& op_type) {
  return op_type == "ReorderInput" || op_type == "ReorderOutput" || op_type == "Transpose";
}

bool is_helper(const std::string& op_type) { return converts(op_type) || reorders(op_type); }

/// A model before it was optimized, to find again there what a kernel is called by: the node that
/// it stands for, whose integer form takes in the Relu behind it.
class Before {
 public:
  Before(const onnx::GraphProto& model, const onnx::GraphProto& optimized) {
    for (const auto& kernel : optimized.node()) {
      for (auto& name : engine::possible_names(kernel.name())) kernels_.insert(std::move(name));
    }
    for (const auto& node : model.node()) {
      nodes_.try_emplace(node.name(), &node);
      for (const auto& input : node.input()) {
        const auto [reader, is_first] = readers_.try_emplace(input, &node);
        if (!is_first) reader->second = nullptr;
      }
    }
  }

  /// What comes out behind the node of that name and those that went into its kernel.
  std::optional<std::string> made_by(const std::string& kernel) const {
    for (const auto& name : engine::possible_names(kernel)) {
      const auto node = nodes_.find(name);
      if (node != nodes_.end() && node->second->output_size() > 0) return end_of(*node->second);
    }
    return std::nullopt;
  }

 private:
  std::string end_of(const onnx::NodeProto& node) const {
    std::string tensor = node.output(0);
    for (;;) {
      const auto reader = readers_.find(tensor);
      if (reader == readers_.end() || reader->second == nullptr) return tensor;
      const onnx::NodeProto& next = *reader->second;
      if (is_helper(next.op_type()) || kernels_.contains(next.name())) return tensor;
      if (next.output_size() != 1) return tensor;
      tensor = next.output(0);
    }
  }

  std::unordered_map<std::string, const onnx::NodeProto*> nodes_;
  /// Null: several.
  std::unordered_map<std::string, const onnx::NodeProto*> readers_;
  /// Names that kernels may have had.
  std::unordered_set<std::string> kernels_;
};

/// The network's tensors, and what stands for them in other models.
class Tensors {
 public:
  explicit Tensors(const onnx::GraphProto& network) {
    for (const auto& input : network.input()) meant_[input.name()] = input.name();
    for (const auto& node : network.node()) {
      for (const auto& output : node.output()) {
        if (!output.empty()) meant_[output] = output;
      }
    }
  }

  /// What conversions and reorders of a graph make stands for what they read, or, where nothing is
  /// known of that, the other way round; what other nodes make for the tensor that `made_by` knows.
  template <typename MadeBy>
  void add(const onnx::GraphProto& graph, const MadeBy& made_by) {
    add_forwards(graph, made_by);
    for (int i = graph.node_size(); i-- > 0;) {
      const auto& node = graph.node(i);
      if (is_helper(node.op_type()) && node.input_size() > 0 && node.output_size() > 0) {
        equate(node.input(0), meant(node.output(0)));
      }
    }
    add_forwards(graph, made_by);
  }

  std::optional<std::string> meant(const std::string& tensor) const {
    for (std::string name = tensor;;) {
      const auto found = meant_.find(name);
      if (found != meant_.end()) return found->second;
      if (!drop_addition(name)) return std::nullopt;
    }
  }

 private:
  void equate(const std::string& tensor, const std::optional<std::string>& known) {
    if (known && !meant(tensor)) meant_[tensor] = *known;
  }

  template <typename MadeBy>
  void add_forwards(const onnx::GraphProto& graph, const MadeBy& made_by) {
    for (const auto& node : graph.node()) {
      if (node.output_size() == 0 || meant(node.output(0))) continue;
      if (!is_helper(node.op_type())) {
        equate(node.output(0), made_by(node));
      } else if (node.input_size() > 0) {
        equate(node.output(0), meant(node.input(0)));
      }
    }
  }

  /// What a change of layout puts behind a name.
  static bool drop_addition(std::string& name) {
    constexpr std::string_view kToken = "_token_";
    for (const std::string_view word : {kBlocked, std::string_view("_nhwc")}) {
      if (!name.ends_with(word) || name.size() == word.size()) continue;
      name.resize(name.size() - word.size());
      return true;
    }
    const auto place = name.rfind(kToken);
    if (place == std::string::npos || place == 0) return false;
    const auto number = name.find_first_not_of("0123456789", place + kToken.size());
    if (number != std::string::npos || name.size() == place + kToken.size()) return false;
    name.resize(place);
    return true;
  }

  Names meant_;
};

class Finder {
 public:
  Finder(const onnx::GraphProto& network, const onnx::GraphProto& model,
         const onnx::GraphProto& optimized)
      : network_(network), tensors_(network) {
    for (int i = 0; i < network.node_size(); ++i) {
      if (network.node(i).op_type() == "Constant") continue;
      places_.try_emplace(network.node(i).name(), i);
      for (const auto& output : network.node(i).output()) {
        if (!output.empty()) makers_[output] = i;
      }
    }
    using Known = std::optional<std::string>;
    tensors_.add(model, [](const auto&) { return Known(); });
    const Before before(model, optimized);
    tensors_.add(optimized, [&](const onnx::NodeProto& kernel) -> Known {
      if (kernel.name().ends_with(kBlocked)) return tensors_.meant(kernel.name());
      const auto tensor = before.made_by(kernel.name());
      return tensor ? tensors_.meant(*tensor) : std::nullopt;
    });
    for (const auto& kernel : optimized.node()) {
      for (const auto& output : kernel.output()) {
        if (const auto tensor = tensors_.meant(output)) made_.insert(*tensor);
      }
      for (const auto& input : kernel.input()) readers_.try_emplace(input, &kernel);
    }
  }

  KernelNodes look_at(const onnx::NodeProto& kernel) const {
    KernelNodes found{.name = kernel.name(), .op_type = kernel.op_type()};
    if (makes_what_it_reads(kernel)) {
      found.part = reorders(kernel.op_type()) ? KernelPart::kLayout : KernelPart::kCodes;
      return found;
    }
    found.nodes = nodes_behind(ends_of(kernel));
    if (found.nodes.empty()) found.nodes = node_named(kernel.name());
    if (!found.nodes.empty()) {
      found.part = KernelPart::kNodes;
    } else if (reorders(kernel.op_type())) {
      found.part = KernelPart::kLayout;
    } else if (converts(kernel.op_type())) {
      found.part = KernelPart::kCodes;
    }
    return found;
  }

 private:
  bool makes_what_it_reads(const onnx::NodeProto& kernel) const {
    if (!is_helper(kernel.op_type())) return false;
    const auto made = tensors_.meant(kernel.output(0));
    return made && made == tensors_.meant(kernel.input(0));
  }

  /// The network's tensors that a kernel makes; of one that makes none, as a model computes in
  /// steps what is one node of the network, those that its reader makes.
  std::set<std::string> ends_of(const onnx::NodeProto& kernel) const {
    std::set<std::string> ends;
    const onnx::NodeProto* at = &kernel;
    for (size_t steps = 0; at != nullptr && steps < kMostBehind; ++steps) {
      for (const auto& output : at->output()) {
        if (const auto tensor = tensors_.meant(output)) ends.insert(*tensor);
      }
      if (!ends.empty() || is_helper(kernel.op_type())) break;
      const auto reader = readers_.find(at->output_size() > 0 ? at->output(0) : std::string());
      at = reader == readers_.end() ? nullptr : reader->second;
    }
    return ends;
  }

  std::vector<int> nodes_behind(const std::set<std::string>& ends) const {
    std::set<int> found;
    std::vector<int> open;
    const auto meet = [&](const std::string& tensor) {
      const auto maker = makers_.find(tensor);
      if (maker != makers_.end() && found.insert(maker->second).second) {
        open.push_back(maker->second);
      }
    };
    for (const auto& tensor : ends) meet(tensor);
    std::vector<int> makers(found.begin(), found.end());
    while (!open.empty()) {
      const auto& node = network_.node(open.back());
      open.pop_back();
      for (const auto& input : node.input()) {
        if (!made_.contains(input)) meet(input);
      }
    }
    if (found.size() > kMostBehind) return makers;
    return {found.begin(), found.end()};
  }

  std::vector<int> node_named(const std::string& kernel) const {
    for (const auto& name : engine::possible_names(kernel)) {
      const auto place = places_.find(name);
      if (place != places_.end()) return {place->second};
    }
    return {};
  }

  const onnx::GraphProto& network_;
  Tensors tensors_;
  /// Nodes by name and by what they make.
  std::unordered_map<std::string, int> places_;
  std::unordered_map<std::string, int> makers_;
  /// The first kernel that reads a tensor.
  std::unordered_map<std::string, const onnx::NodeProto*> readers_;
  /// Tensors of the network that kernels make.
  std::unordered_set<std::string> made_;
};

}  // namespace

std::vector<KernelNodes> kernel_nodes(const onnx::GraphProto& network,
                                      const onnx::GraphProto& model,
                                      const onnx::GraphProto& optimized) {
  const Finder finder(network, model, optimized);
  std::vector<KernelNodes> kernels;
  for (const auto& kernel : optimized.node()) kernels.push_back(finder.look_at(kernel));
  return kernels;
}

}  // namespace rangefinder::analysis
