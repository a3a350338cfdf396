#include "passes/annotate_explicit.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "graph/attributes.h"
#include "graph/model_file.h"
#include "passes/constant_range.h"
#include "passes/fused_bound.h"
#include "passes/split_fused.h"
#include "passes/weighted_obstacle.h"

// Three walks. Forwards: which nodes the table knows, and whose data can be codes. Backwards, from
// readers to makers: who takes codes, and so which tensors are wanted as codes. Forwards again: the
// tensors in graph order, with their roots.

namespace rangefinder::passes {
namespace {

using targets::Placement;
using targets::Role;

constexpr int64_t kChannels = 1;

/// A node that the target's table knows.
struct Part {
  const onnx::NodeProto* node;
  const targets::OperatorRule* rule;
  /// Its output, or that of the bound behind it.
  std::string output;
  std::optional<float> upper_bound = {};
  /// Positions of inputs that are activations, and of constants beside them.
  std::vector<int> data = {};
  std::vector<int> constants = {};
  bool is_chosen = false;
};

/// Sets of tensors that share their parameters.
class Groups {
 public:
  void join(const std::string& a, const std::string& b) {
    const std::string first = root(a);
    parents_[root(b)] = first;
  }

  std::string root(const std::string& tensor) {
    const auto parent = parents_.try_emplace(tensor, tensor).first->second;
    return parent == tensor ? parent : parents_[tensor] = root(parent);
  }

  bool contains(const std::string& tensor) const { return parents_.contains(tensor); }

 private:
  std::unordered_map<std::string, std::string> parents_;
};

class ExplicitAnnotator {
 public:
  ExplicitAnnotator(graph::Graph& graph, const TensorInfos& infos, const targets::Target& target,
                    const std::unordered_set<std::string>& excluded)
      : graph_(graph),
        infos_(infos),
        target_(target),
        opset_(graph::opset_version(graph.model())),
        excluded_(excluded),
        is_around_(target.placement == Placement::kAround) {}

  Annotation run() {
    for (const auto& node : graph_.message().node()) collect(node);
    for (const Part& part : parts_) mark_possible(part);
    for (size_t i = parts_.size(); i-- > 0;) choose(parts_[i]);
    for (const Part& part : parts_) {
      if (part.is_chosen) write(part);
    }
    for (auto& tensor : result_.tensors) find_root(tensor);
    align();
    return std::move(result_);
  }

 private:
  bool is_constant(const std::string& tensor) const {
    return graph_.initializer(tensor) != nullptr;
  }

  bool is_float_constant(const std::string& tensor) const {
    return graph_.initializer(tensor)->data_type() == onnx::TensorProto::FLOAT;
  }

  /// A rule without conditions takes any attributes.
  std::string rule_obstacle(const targets::OperatorRule& rule, const onnx::NodeProto& node) const {
    if (rule.conditions.attributes.empty()) return {};
    return kernel_obstacle(rule.conditions, node, opset_);
  }

  void collect(const onnx::NodeProto& node) {
    if (!node.domain().empty()) {
      const std::string reason = fused_obstacle(node);
      if (!reason.empty()) result_.left_float.push_back({node.name(), node.op_type(), reason});
      return;
    }
    const auto* rule = target_.rule(node.op_type());
    if (rule == nullptr || node.input_size() == 0 || node.output_size() == 0) return;
    if (rule->role == Role::kBound && (!is_around_ || absorbed_.contains(node.input(0)))) return;
    Part part{.node = &node, .rule = rule, .output = node.output(0)};
    const int count = rule->data_inputs == 0 ? node.input_size() : rule->data_inputs;
    for (int i = 0; i < std::min(count, node.input_size()); ++i) {
      (is_constant(node.input(i)) ? part.constants : part.data).push_back(i);
    }
    if (rule->role == Role::kWeighted ? takes_weighted(part) : takes(part)) add(std::move(part));
  }

  bool takes_weighted(const Part& part) {
    const onnx::NodeProto& node = *part.node;
    std::string reason = excluded_.contains(node.name()) ? "is excluded" : "";
    if (reason.empty()) reason = weighted_obstacle(graph_, infos_, node);
    if (reason.empty()) reason = rule_obstacle(*part.rule, node);
    if (reason.empty()) reason = constant_obstacle(graph_, node);
    if (reason.empty()) reason = zero_point_obstacle(part);
    if (reason.empty() && !takes_joined(part)) {
      reason = "its input is joined along an axis on which there can be no zero points";
    }
    if (!reason.empty()) result_.left_float.push_back({node.name(), node.op_type(), reason});
    return reason.empty();
  }

  /// A runtime that joins tensors of codes with a zero point makes one zero point for each index of
  /// the axis, wherever the pair stands, before the Concat or behind it (found with OpenVINO,
  /// docs/openvino.md). Convolutions and pools take those of channels, products those of columns;
  /// what moves them loses them. Behind another operator, a mover included, a new pair is free of
  /// them.
  bool takes_joined(const Part& part) const {
    return !target_.joins_zero_points ||
           std::all_of(part.data.begin(), part.data.end(),
                       [&](int input) { return takes_joined(part, input); });
  }

  bool takes_joined(const Part& part, int input) const {
    static const std::unordered_set<std::string> kByChannel = {"Conv", "MaxPool", "AveragePool",
                                                               "GlobalAveragePool", "Resize"};
    const onnx::NodeProto& node = *part.node;
    const auto joined = joined_axis(node.input(input));
    if (part.rule->role == Role::kJoin) {
      return joined.value_or(kChannels) == kChannels && concat_axis(node) == kChannels;
    }
    if (!joined) return true;
    if (kByChannel.contains(node.op_type())) return joined == kChannels;
    return part.rule->role == Role::kWeighted && input == 0 && joined == last_axis(node.input(0));
  }

  /// The axis along which the tensor was joined, also where pools and the like kept its channels.
  std::optional<int64_t> joined_axis(const std::string& tensor) const {
    const onnx::NodeProto* maker = graph_.producer(tensor);
    if (maker == nullptr || !maker->domain().empty()) return {};
    if (maker->op_type() == "Concat") return concat_axis(*maker);
    if (maker->op_type() != "MaxPool" && maker->op_type() != "Resize") return {};
    const auto joined = joined_axis(maker->input(0));
    return joined == kChannels ? joined : std::nullopt;
  }

  /// Counted from the front; -1 where the rank is not known.
  int64_t concat_axis(const onnx::NodeProto& node) const {
    const int64_t axis = graph::int_attribute(node, "axis", kChannels);
    if (axis >= 0) return axis;
    const auto last = last_axis(node.output(0));
    return last ? *last + 1 + axis : -1;
  }

  std::optional<int64_t> last_axis(const std::string& tensor) const {
    const auto info = infos_.find(tensor);
    if (info == infos_.end() || !info->second.shape) return {};
    return static_cast<int64_t>(info->second.shape->size()) - 1;
  }

  std::string zero_point_obstacle(const Part& part) const {
    if (!part.rule->needs_zero_at_zero) return {};
    return is_never_negative(part.node->input(0)) ? "" : "its input may be negative";
  }

  /// True of what a bound or a share makes, also where it was moved from there.
  bool is_never_negative(const std::string& tensor) const {
    static const std::unordered_set<std::string> kMakers = {"Relu", "Sigmoid", "HardSigmoid",
                                                            "Softmax"};
    const onnx::NodeProto* maker = graph_.producer(tensor);
    if (maker == nullptr || !maker->domain().empty()) return false;
    if (kMakers.contains(maker->op_type())) return true;
    if (maker->op_type() == "Clip" && maker->input_size() > 1) {
      return scalar_constant(graph_, maker->input(1)).value_or(-1) >= 0;
    }
    const auto* rule = target_.rule(maker->op_type());
    return rule != nullptr && rule->role == Role::kMover && is_never_negative(maker->input(0));
  }

  bool takes(const Part& part) const {
    const onnx::NodeProto& node = *part.node;
    if (excluded_.contains(node.name()) || node.output_size() != 1 || part.data.empty() ||
        !is_float(infos_, node.output(0)) || !rule_obstacle(*part.rule, node).empty() ||
        may_divide_by_zero(part) || !takes_joined(part)) {
      return false;
    }
    const bool reads_floats = std::all_of(part.data.begin(), part.data.end(),
                                          [&](int i) { return is_float(infos_, node.input(i)); });
    if (!reads_floats || part.constants.empty()) return reads_floats;
    return is_around_ && part.rule->role == Role::kArithmetic &&
           std::all_of(part.constants.begin(), part.constants.end(),
                       [&](int i) { return is_float_constant(node.input(i)); });
  }

  /// A divisor that is not 0 may have the code of 0 - unless it is all that its grid is for.
  bool may_divide_by_zero(const Part& part) const {
    const onnx::NodeProto& node = *part.node;
    return node.op_type() == "Div" && scalar_constant(graph_, node.input(1)).value_or(0) == 0;
  }

  void add(Part part) {
    const Role role = part.rule->role;
    if (role == Role::kWeighted) weighted_[part.node] = parts_.size();
    if (is_around_ && (role == Role::kWeighted || role == Role::kArithmetic)) {
      if (const auto bound = fused_bound(graph_, target_, part.output)) {
        absorbed_.insert(part.output);
        part.output = bound->output;
        part.upper_bound = bound->upper;
      }
    }
    parts_.push_back(std::move(part));
  }

  void mark_possible(const Part& part) {
    const bool all = std::all_of(part.data.begin(), part.data.end(), [&](int i) {
      const std::string& input = part.node->input(i);
      return possible_.contains(input) || is_read_by_weighted(input);
    });
    if (all || part.rule->role == Role::kWeighted) possible_.insert(part.output);
  }

  bool is_read_by_weighted(const std::string& tensor) const {
    const auto& uses = graph_.uses(tensor);
    return std::any_of(uses.begin(), uses.end(), [&](const graph::Use& use) {
      return weighted_.contains(use.node) && (use.input == 0 || use.node->op_type() == "MatMul");
    });
  }

  void choose(Part& part) {
    const Role role = part.rule->role;
    if (role == Role::kResidual) {
      choose_residual(part);
    } else if (role == Role::kWeighted) {
      part.is_chosen = true;
    } else {
      part.is_chosen = is_around_ ? possible_.contains(part.output) : wanted_.contains(part.output);
    }
    if (!part.is_chosen) return;
    for (const int i : part.data) wanted_.insert(part.node->input(i));
  }

  /// The summand that no Conv can add to what it makes is read as codes.
  void choose_residual(Part& part) {
    if (part.data.size() != 2) return;
    const auto place = [&](int i) { return place_of_conv(part.node->input(part.data[i])); };
    const std::optional<size_t> first = place(0);
    const std::optional<size_t> second = place(1);
    if (!first && !second) return;
    // Of two the later one adds.
    part.data = {part.data[first > second ? 1 : 0]};
    part.is_chosen = true;
  }

  /// Where the Conv stands that makes this tensor for one reader alone, with a bias or a
  /// normalization of its own behind it that preparing did not fold; none: nothing of the kind.
  std::optional<size_t> place_of_conv(const std::string& tensor) const {
    const onnx::NodeProto* maker = graph_.producer(tensor);
    if (maker == nullptr || !graph_.is_private(tensor)) return {};
    const auto found = weighted_.find(maker);
    if (found != weighted_.end()) {
      return maker->op_type() == "Conv" ? std::optional(found->second) : std::nullopt;
    }
    const std::optional<int> input = finished_by(*maker);
    return input ? place_of_conv(maker->input(*input)) : std::nullopt;
  }

  /// The input that a node normalizes or adds a constant to; none: it does neither.
  std::optional<int> finished_by(const onnx::NodeProto& node) const {
    if (!node.domain().empty()) return {};
    if (node.op_type() == "BatchNormalization") return 0;
    if (node.op_type() != "Add" || node.input_size() != 2) return {};
    if (is_constant(node.input(1))) return 0;
    return is_constant(node.input(0)) ? std::optional(1) : std::nullopt;
  }

  QuantizedTensor& tensor(const std::string& name) {
    const auto [place, is_new] = result_.places.try_emplace(name, result_.tensors.size());
    if (is_new) result_.tensors.push_back({.name = name, .root = name});
    return result_.tensors[place->second];
  }

  void write(const Part& part) {
    const onnx::NodeProto& node = *part.node;
    const Role role = part.rule->role;
    for (const int i : part.data) tensor(node.input(i)).reads.emplace_back(node.name(), i);
    if (role == Role::kWeighted) {
      result_.weighted.push_back({node.name(), node.op_type(), is_constant(node.input(1))});
    } else {
      for (const int i : part.constants) result_.constants.emplace_back(node.name(), i);
    }
    const bool moves = role == Role::kMover || role == Role::kJoin;
    if (is_around_) {
      QuantizedTensor& output = tensor(part.output);
      output.hides_float = true;
      output.upper_bound = part.upper_bound;
      output.fixed = part.rule->output;
    } else if (moves) {
      tensor(part.output).is_carried = true;
    }
    if (moves) moved_from_[part.output] = node.input(part.data.front());
    if (role == Role::kJoin) joins_.push_back(&part);
  }

  void find_root(QuantizedTensor& tensor) const {
    for (auto from = moved_from_.find(tensor.root); from != moved_from_.end();
         from = moved_from_.find(tensor.root)) {
      tensor.root = from->second;
    }
  }

  /// Roots of what is joined, in graph order.
  void align() {
    Groups groups;
    for (const Part* join : joins_) {
      const std::string& first = result_.find(join->node->input(join->data.front()))->root;
      for (const int i : join->data) {
        groups.join(first, result_.find(join->node->input(i))->root);
      }
    }
    std::unordered_map<std::string, size_t> places;
    std::vector<std::vector<std::string>> members;
    for (auto& tensor : result_.tensors) {
      if (tensor.root != tensor.name || !groups.contains(tensor.name)) continue;
      const auto [place, is_new] = places.try_emplace(groups.root(tensor.name), members.size());
      if (is_new) members.emplace_back();
      members[place->second].push_back(tensor.name);
      // One range for all: it may be beyond what bounds one of them.
      tensor.upper_bound.reset();
    }
    for (auto& group : members) {
      if (group.size() > 1) result_.aligned.push_back(std::move(group));
    }
  }

  graph::Graph& graph_;
  const TensorInfos& infos_;
  const targets::Target& target_;
  int64_t opset_;
  const std::unordered_set<std::string>& excluded_;
  bool is_around_;
  std::vector<Part> parts_;
  /// Where they stand among the parts.
  std::unordered_map<const onnx::NodeProto*, size_t> weighted_;
  /// Read by a bound that stands before its maker's pair.
  std::unordered_set<std::string> absorbed_;
  std::unordered_set<std::string> possible_;
  std::unordered_set<std::string> wanted_;
  std::unordered_map<std::string, std::string> moved_from_;
  std::vector<const Part*> joins_;
  Annotation result_;
};

}  // namespace

Annotation annotate_explicit(graph::Graph& graph, const TensorInfos& infos,
                             const targets::Target& target,
                             const std::unordered_set<std::string>& excluded) {
  return ExplicitAnnotator(graph, infos, target, excluded).run();
}

}  // namespace rangefinder::passes
