#include "passes/annotate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "graph/attributes.h"
#include "graph/model_file.h"
#include "passes/annotate_explicit.h"
#include "passes/constant_range.h"
#include "passes/fused_bound.h"
#include "passes/split_fused.h"
#include "passes/weighted_obstacle.h"

namespace rangefinder::passes {
namespace {

using targets::Role;

/// A node that may compute on codes.
struct Candidate {
  onnx::NodeProto* node;
  Role role;
  /// The tensor that its codes go to: its output, or that of the bound fused behind it.
  std::string output;
  std::optional<float> upper_bound = {};
  /// The constant factor of a scale.
  float factor = 1;
  /// Positions of the inputs that are activations, and of one-element constants beside them.
  std::vector<int> data = {};
  std::vector<int> constants = {};
  /// Why its kernel on codes would compute something else; empty if it would not.
  std::string obstacle = {};
  bool chosen = false;
  /// It would be chosen, were it not for the obstacle.
  bool is_stopped = false;
};

class Annotator {
 public:
  Annotator(graph::Graph& graph, const TensorInfos& infos, const targets::Target& target,
            const std::unordered_set<std::string>& excluded)
      : graph_(graph),
        infos_(infos),
        target_(target),
        opset_(graph::opset_version(graph.model())),
        excluded_(excluded) {}

  Annotation run() {
    collect();
    for (Candidate& candidate : candidates_) mark_codes(candidate);
    for (size_t i = candidates_.size(); i-- > 0;) choose(candidates_[i]);
    for (Candidate& candidate : candidates_) write(candidate);
    for (const Candidate& candidate : withheld_) follow_input(candidate);
    for (auto& tensor : result_.tensors) find_root(tensor);
    return std::move(result_);
  }

 private:
  bool is_excluded(const onnx::NodeProto& node) const { return excluded_.contains(node.name()); }

  bool is_constant(const std::string& tensor) const {
    return graph_.initializer(tensor) != nullptr;
  }

  std::optional<int64_t> rank(const std::string& tensor) const {
    if (const auto* constant = graph_.initializer(tensor)) return constant->dims_size();
    const auto found = infos_.find(tensor);
    if (found == infos_.end() || !found->second.shape) return std::nullopt;
    return static_cast<int64_t>(found->second.shape->size());
  }

  /// Why a weighted node cannot compute in integers; empty if it can.
  std::string obstacle(const onnx::NodeProto& node) const {
    if (is_excluded(node)) return "is excluded";
    std::string reason = weighted_obstacle(graph_, infos_, node);
    if (!reason.empty() || node.op_type() == "MatMul") return reason;
    return kernel_obstacle(target_.rule(node.op_type())->conditions, node, opset_);
  }

  void collect() {
    for (auto& node : *graph_.message().mutable_node()) {
      if (is_excluded(node)) result_.kept_float.push_back(node.name());
      if (!node.domain().empty() && node.domain() != "ai.onnx") {
        const std::string reason = fused_obstacle(node);
        if (!reason.empty()) result_.left_float.push_back({node.name(), node.op_type(), reason});
        continue;
      }
      if (target_.fuses_wrongly(node.op_type())) result_.kept_float.push_back(node.name());
      const auto* rule = target_.rule(node.op_type());
      if (!rule || rule->role == Role::kBound || node.input_size() == 0) continue;
      Candidate candidate{&node, rule->role, node.output(0)};
      const int count = rule->data_inputs == 0 ? node.input_size() : rule->data_inputs;
      for (int i = 0; i < std::min(count, node.input_size()); ++i) {
        (is_constant(node.input(i)) ? candidate.constants : candidate.data).push_back(i);
      }
      if (rule->role == Role::kWeighted) {
        absorb_bound(candidate);
        std::string reason = obstacle(node);
        if (reason.empty()) reason = constant_obstacle(graph_, node, bound_behind(candidate));
        if (!reason.empty()) {
          result_.left_float.push_back({node.name(), node.op_type(), reason});
          keep_float(node);
          continue;
        }
      } else if (!can_compute_on_codes(candidate)) {
        keep_float(node);
        continue;
      } else if (is_excluded(node)) {
        // What its kernel would compute otherwise has a range of its own.
        if (kernel_obstacle(rule->conditions, node, opset_).empty()) {
          withheld_.push_back(std::move(candidate));
        }
        continue;
      }
      if (candidate.role == Role::kWeighted) weighted_.insert(&node);
      if (candidate.role == Role::kArithmetic) absorb_bound(candidate);
      if (candidate.role != Role::kWeighted && candidate.obstacle.empty()) {
        candidate.obstacle = kernel_obstacle(rule->conditions, node, opset_);
      }
      if (!candidate.obstacle.empty()) result_.kept_float.push_back(node.name());
      candidates_.push_back(std::move(candidate));
    }
  }

  void keep_float(const onnx::NodeProto& node) {
    if (!is_excluded(node)) result_.kept_float.push_back(node.name());
  }

  /// Float activations in, one float activation out; a constant only where it is exact as a code.
  bool can_compute_on_codes(Candidate& candidate) const {
    const auto& node = *candidate.node;
    if (node.output_size() != 1 || candidate.data.empty() || !is_float(infos_, node.output(0)))
      return false;
    for (const int i : candidate.data) {
      if (!is_float(infos_, node.input(i))) return false;
    }
    if (node.op_type() != "Mul" && node.op_type() != "Div" && node.op_type() != "Add") {
      return candidate.constants.empty();
    }
    return take_constant(candidate);
  }

  /// Add, Mul and Div with a one-element constant; a positive factor becomes a scale.
  bool take_constant(Candidate& candidate) const {
    const auto& node = *candidate.node;
    const bool divides = node.op_type() == "Div";
    if (candidate.data.size() == 2) return !divides;
    const int place = 1 - candidate.data[0];
    const auto value = scalar_constant(graph_, node.input(place));
    if (!value || has_more_dimensions(node, place)) return false;
    if (!is_exact_code(*value)) {
      candidate.obstacle = fmt::format("has no integer kernel with the constant {}", *value);
      return true;
    }
    if (node.op_type() == "Add" || (!divides && !(*value > 0))) {
      candidate.constants = {place};
      return true;
    }
    candidate.constants.clear();
    candidate.factor = divides ? 1 / *value : *value;
    candidate.role = Role::kScale;
    return *value > 0 && place == 1 - candidate.data[0] && (!divides || place == 1) &&
           std::isnormal(candidate.factor);
  }

  /// Its magnitude becomes the scale of one code, and a scale is a normal number.
  static bool is_exact_code(float value) { return value == 0 || std::isnormal(value); }

  /// A constant of shape [1,1,...] may give the result more dimensions than the tensor has.
  bool has_more_dimensions(const onnx::NodeProto& node, int place) const {
    const auto data_rank = rank(node.input(1 - place));
    return rank(node.input(place)) > (data_rank ? *data_rank : 0);
  }

  /// Follows the node's output through a Relu, or a Clip from 0, that nobody else's reads prevent.
  void absorb_bound(Candidate& candidate) const {
    auto bound = fused_bound(graph_, target_, candidate.output);
    if (!bound) return;
    candidate.output = std::move(bound->output);
    candidate.upper_bound = bound->upper;
  }

  static OutputBound bound_behind(const Candidate& candidate) {
    return {candidate.output != candidate.node->output(0), candidate.upper_bound};
  }

  /// Tensors that are codes whatever else is decided, or can be for free.
  void mark_codes(Candidate& candidate) {
    const auto& node = *candidate.node;
    if (candidate.role == Role::kWeighted) {
      for (const int i : candidate.data) wanted_.insert(node.input(i));
      possible_.insert(candidate.output);
      if (node.op_type() == "Conv") wanted_.insert(candidate.output);
      return;
    }
    const bool all = std::all_of(candidate.data.begin(), candidate.data.end(), [&](int i) {
      return possible_.contains(node.input(i)) || will_be_wanted(node.input(i));
    });
    if (!all) return;
    if (candidate.obstacle.empty()) {
      possible_.insert(candidate.output);
    } else {
      candidate.is_stopped = true;
    }
  }

  /// Read by a weighted node, which may come later in the graph.
  bool will_be_wanted(const std::string& tensor) const {
    const auto& uses = graph_.uses(tensor);
    return std::any_of(uses.begin(), uses.end(), [&](const graph::Use& use) {
      return weighted_.contains(use.node) && (use.input == 0 || use.node->op_type() == "MatMul");
    });
  }

  /// Backwards: a node computes on codes if a reader wants codes and all its data can be codes.
  void choose(Candidate& candidate) {
    if (candidate.role == Role::kWeighted) {
      candidate.chosen = true;
      return;
    }
    const auto& node = *candidate.node;
    if (!wanted_.contains(candidate.output) || !possible_.contains(candidate.output)) return;
    candidate.chosen = true;
    for (const int i : candidate.data) wanted_.insert(node.input(i));
  }

  /// Parameters of what lies between 0 and 1.
  quantization::AffineParameters gate_output() const {
    return {1.0f / 255, static_cast<int32_t>(target_.activation.quant_min)};
  }

  QuantizedTensor& tensor(const std::string& name) {
    const auto [place, is_new] = result_.places.try_emplace(name, result_.tensors.size());
    if (is_new) result_.tensors.push_back({.name = name, .root = name});
    return result_.tensors[place->second];
  }

  void write(const Candidate& candidate) {
    const auto& node = *candidate.node;
    if (candidate.is_stopped && wanted_.contains(candidate.output)) {
      result_.unsuited.push_back({node.name(), node.op_type(), candidate.obstacle});
    }
    if (!candidate.chosen) return;
    const bool replaced = candidate.role == Role::kScale || candidate.role == Role::kGate;
    for (const int i : candidate.data) {
      QuantizedTensor& input = tensor(node.input(i));
      if (!replaced) input.reads.emplace_back(node.name(), i);
    }
    for (const int i : candidate.constants) {
      if (candidate.role == Role::kArithmetic) result_.constants.emplace_back(node.name(), i);
    }
    if (wanted_.contains(candidate.output)) {
      QuantizedTensor& output = tensor(candidate.output);
      output.hides_float = true;
      output.upper_bound = candidate.upper_bound;
    }
    note(candidate);
  }

  /// What the roles leave behind beside their tensors.
  void note(const Candidate& candidate) {
    const auto& node = *candidate.node;
    switch (candidate.role) {
      case Role::kWeighted:
        result_.weighted.push_back({node.name(), node.op_type(), is_constant(node.input(1))});
        if (!wanted_.contains(candidate.output)) note_float_bound(node.output(0));
        break;
      case Role::kScale:
        tensor(candidate.output).codes_of = node.input(candidate.data[0]);
        [[fallthrough]];
      case Role::kMover:
        moved_from_[candidate.output] = {node.input(candidate.data[0]), candidate.factor};
        break;
      case Role::kGate:
        result_.gates.push_back({node.name(), node.input(0),
                                 graph::float_attribute(node, "alpha", 0.2f),
                                 graph::float_attribute(node, "beta", 0.5f)});
        tensor(candidate.output).fixed = gate_output();
        break;
      default:
        break;
    }
  }

  /// What an excluded node gives that moves or scales the values of a tensor of codes lies on the
  /// same codes; that of a gate is between 0 and 1 as ever.
  void follow_input(const Candidate& candidate) {
    if (!result_.places.contains(candidate.output)) return;
    const std::string& input = candidate.node->input(candidate.data[0]);
    const bool moves = candidate.role == Role::kMover || candidate.role == Role::kScale;
    if (moves && result_.places.contains(input)) {
      moved_from_[candidate.output] = {input, candidate.factor};
    } else if (candidate.role == Role::kGate) {
      tensor(candidate.output).fixed = gate_output();
    }
  }

  void note_float_bound(const std::string& product) {
    if (!graph_.is_private(product)) return;
    const onnx::NodeProto& reader = *graph_.uses(product).front().node;
    const bool is_bound = reader.op_type() == "Relu" || reader.op_type() == "Clip";
    if (is_bound && reader.domain().empty()) result_.float_bounds.push_back(reader.name());
  }

  void find_root(QuantizedTensor& tensor) const {
    for (auto from = moved_from_.find(tensor.root); from != moved_from_.end();
         from = moved_from_.find(tensor.root)) {
      tensor.root = from->second.tensor;
      tensor.factor *= from->second.factor;
    }
  }

  struct Move {
    std::string tensor;
    float factor;
  };

  graph::Graph& graph_;
  const TensorInfos& infos_;
  const targets::Target& target_;
  int64_t opset_;
  const std::unordered_set<std::string>& excluded_;
  std::vector<Candidate> candidates_;
  /// Weighted nodes that nothing keeps in float.
  std::unordered_set<const onnx::NodeProto*> weighted_;
  /// Excluded nodes that could compute on codes.
  std::vector<Candidate> withheld_;
  /// Some reader or maker wants the tensor as codes.
  std::unordered_set<std::string> wanted_;
  /// What makes the tensor can make codes.
  std::unordered_set<std::string> possible_;
  std::unordered_map<std::string, Move> moved_from_;
  Annotation result_;
};

}  // namespace

bool is_float(const TensorInfos& infos, const std::string& tensor) {
  const auto found = infos.find(tensor);
  return found != infos.end() && found->second.type == tensor::ElementType::kFloat32;
}

float QuantizedTensor::scale(float root_scale) const {
  return quantization::representable_scale(static_cast<double>(root_scale) * factor);
}

const QuantizedTensor* Annotation::find(const std::string& tensor) const {
  const auto place = places.find(tensor);
  return place == places.end() ? nullptr : &tensors[place->second];
}

std::vector<std::string> Annotation::observed() const {
  std::vector<std::string> names;
  for (const auto& tensor : tensors) {
    if (tensor.is_observed()) names.push_back(tensor.name);
  }
  return names;
}

Annotation annotate(graph::Graph& graph, const TensorInfos& infos, const targets::Target& target,
                    const std::unordered_set<std::string>& excluded) {
  if (target.placement != targets::Placement::kBetweenKernels) {
    return annotate_explicit(graph, infos, target, excluded);
  }
  return Annotator(graph, infos, target, excluded).run();
}

}  // namespace rangefinder::passes
