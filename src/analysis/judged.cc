#include "analysis/judged.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "graph/attributes.h"
#include "graph/graph.h"

// One walk forwards tells of every tensor how an error in the codes reaches it, and one walk
// backwards from each output that is reached by selection alone finds where the error was last to
// be seen:
//
//   boxes ──────────────────► Gather ──► output      boxes, scores: smooth
//   scores ──► NonMaxSupp. ────┘                     behind NonMaxSuppression: selected
//
// What is exact (inputs, constants, shapes, token numbers and masks made of them) never differs
// between the models, whatever is done with it.

namespace rangefinder::analysis {
namespace {

/// How a quantized model's error reaches a tensor; a later one wins where several come together.
enum class Reach {
  kExact,
  /// A small error stays small.
  kSmooth,
  /// Truth values, or numbers that stand for such: two of what they switch between may be close.
  kMask,
  /// A small error changes nothing or everything.
  kSelected,
};

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& types, const onnx::NodeProto& node) {
  return std::find(types.begin(), types.end(), node.op_type()) != types.end();
}

bool is_weighted(const onnx::NodeProto& node) {
  static constexpr std::array<std::string_view, 8> kTypes = {
      "Conv", "Gemm", "MatMul", "ConvTranspose", "Einsum", "LSTM", "GRU", "RNN"};
  return is_one_of(kTypes, node);
}

bool is_random(const onnx::NodeProto& node) {
  static constexpr std::array<std::string_view, 6> kTypes = {"RandomNormal",  "RandomNormalLike",
                                                             "RandomUniform", "RandomUniformLike",
                                                             "Bernoulli",     "Multinomial"};
  return is_one_of(kTypes, node);
}

bool compares(const onnx::NodeProto& node) {
  static constexpr std::array<std::string_view, 6> kTypes = {
      "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Sign"};
  return is_one_of(kTypes, node);
}

bool selects(const onnx::NodeProto& node) {
  static constexpr std::array<std::string_view, 17> kTypes = {
      "ArgMax",       "ArgMin",  "Ceil",  "Compress",          "Floor",
      "GreedySearch", "Hardmax", "Mod",   "NonMaxSuppression", "NonZero",
      "OneHot",       "Range",   "Round", "BeamSearch",        "Sampling",
      "Unique",       "TopK"};
  return is_one_of(kTypes, node);
}

/// Its outputs have a length that depends on the values read.
bool is_ragged(const onnx::NodeProto& node) {
  static constexpr std::array<std::string_view, 5> kTypes = {"Compress", "NonMaxSuppression",
                                                             "NonZero", "Range", "Unique"};
  return is_one_of(kTypes, node);
}

/// What they make of a mask is one: they move truth values, or turn them around, or weigh them.
bool keeps_mask(const onnx::NodeProto& node) {
  static constexpr std::array<std::string_view, 22> kTypes = {
      "Add",      "And",     "Cast", "Concat", "Div",       "Expand",   "Flatten", "Gather",
      "Identity", "Mul",     "Neg",  "Not",    "Or",        "Pad",      "Reshape", "Slice",
      "Split",    "Squeeze", "Sub",  "Tile",   "Transpose", "Unsqueeze"};
  return node.op_type() == "Xor" || node.op_type() == "Where" || is_one_of(kTypes, node);
}

bool is_floating(int64_t onnx_type) {
  using onnx::TensorProto;
  return onnx_type == TensorProto::FLOAT || onnx_type == TensorProto::DOUBLE ||
         onnx_type == TensorProto::FLOAT16 || onnx_type == TensorProto::BFLOAT16;
}

bool has_body_that_selects(const onnx::NodeProto& node) {
  bool found = false;
  graph::for_each_subgraph(node, [&](const onnx::GraphProto& body) {
    for (const auto& inner : body.node()) {
      found = found || selects(inner) || is_random(inner) || has_body_that_selects(inner);
    }
  });
  return found;
}

class Flow {
 public:
  explicit Flow(const passes::PreparedModel& prepared) : prepared_(prepared) {
    const auto& nodes = prepared.model.graph().node();
    for (int i = 0; i < nodes.size(); ++i) {
      for (const auto& output : nodes[i].output()) makers_[output] = i;
      add(nodes[i]);
    }
  }

  Reach reach(const std::string& tensor) const {
    const auto found = reaches_.find(tensor);
    return found == reaches_.end() ? Reach::kExact : found->second;
  }

  bool is_float(const std::string& tensor) const {
    return passes::is_float(prepared_.infos, tensor);
  }

  /// Where the error is still to be seen.
  bool shows_error(const std::string& tensor) const {
    return reach(tensor) == Reach::kSmooth && is_float(tensor);
  }

  /// The place of the node that makes the tensor; none of inputs and constants.
  std::optional<int> maker(const std::string& tensor) const {
    const auto found = makers_.find(tensor);
    return found == makers_.end() ? std::nullopt : std::optional(found->second);
  }
  const onnx::NodeProto& node(int place) const { return prepared_.model.graph().node(place); }

 private:
  void add(const onnx::NodeProto& node) {
    Reach worst = Reach::kExact;
    bool is_from_ragged = false;
    for (const auto& name : graph::reads_of(node)) {
      worst = std::max(worst, reach(name));
      is_from_ragged = is_from_ragged || ragged_.contains(name);
    }
    for (int i = 0; i < node.output_size(); ++i) {
      if (node.output(i).empty()) continue;
      const Reach made = reach_of(node, i, worst, is_from_ragged);
      if (made == Reach::kExact) continue;
      reaches_[node.output(i)] = made;
      if (is_from_ragged || is_ragged(node)) ragged_.insert(node.output(i));
    }
  }

  Reach reach_of(const onnx::NodeProto& node, int output, Reach worst, bool is_from_ragged) const {
    if (is_random(node)) return Reach::kSelected;
    if (node.op_type() == "Shape" || node.op_type() == "Size") {
      return is_from_ragged ? Reach::kSelected : Reach::kExact;
    }
    if (worst == Reach::kSelected) return worst;
    if (worst == Reach::kMask) return behind_mask(node);
    if (worst == Reach::kSmooth) return behind_smooth(node, output);
    const bool is_real = is_weighted(node) && is_float(node.output(output));
    return is_real ? Reach::kSmooth : Reach::kExact;
  }

  Reach behind_mask(const onnx::NodeProto& node) const {
    const auto is_smooth = [&](const std::string& name) { return reach(name) == Reach::kSmooth; };
    const bool meets_smooth = std::any_of(node.input().begin(), node.input().end(), is_smooth);
    if (meets_smooth && (node.op_type() == "Where" || node.op_type() == "Mul")) {
      return Reach::kSmooth;
    }
    return !meets_smooth && keeps_mask(node) ? Reach::kMask : Reach::kSelected;
  }

  static Reach behind_smooth(const onnx::NodeProto& node, int output) {
    const std::string& type = node.op_type();
    // Of finite values: those of the two models do not differ in it.
    if (type == "IsNaN" || type == "IsInf") return Reach::kExact;
    if (compares(node)) return Reach::kMask;
    if (type == "Cast") return behind_cast(graph::int_attribute(node, "to", 0));
    if (type == "TopK" || type == "MaxPool") {
      return output == 0 ? Reach::kSmooth : Reach::kSelected;
    }
    // Of Compress the smooth one is the data, not the condition.
    if (type == "Compress") return Reach::kSmooth;
    return selects(node) || has_body_that_selects(node) ? Reach::kSelected : Reach::kSmooth;
  }

  static Reach behind_cast(int64_t type) {
    if (is_floating(type)) return Reach::kSmooth;
    return type == onnx::TensorProto::BOOL ? Reach::kMask : Reach::kSelected;
  }

  const passes::PreparedModel& prepared_;
  std::unordered_map<std::string, int> makers_;
  std::unordered_map<std::string, Reach> reaches_;
  std::unordered_set<std::string> ragged_;
};

/// The way back from an output to where the error is last to be seen.
class WayBack {
 public:
  WayBack(const Flow& flow, const std::string& output) : flow_(flow), output_(output) {
    push(output);
    while (!pending_.empty()) {
      const std::string tensor = std::move(pending_.back());
      pending_.pop_back();
      const auto maker = flow_.maker(tensor);
      if (maker && visited_.insert(*maker).second) visit(*maker);
    }
  }

  JudgedOutput take() {
    std::sort(last_.begin(), last_.end());
    JudgedOutput judged{.output = output_};
    for (auto& [place, name] : last_) judged.tensors.push_back(std::move(name));
    judged.selected_by = names_of(selecting_);
    judged.hidden_nodes = names_of(hidden_);
    return judged;
  }

 private:
  void push(const std::string& tensor) {
    if (seen_.insert(tensor).second) pending_.push_back(tensor);
  }

  void visit(int place) {
    const auto& node = flow_.node(place);
    if (is_weighted(node)) hidden_.push_back(place);
    bool reads_last = false;
    for (const auto& name : graph::reads_of(node)) {
      if (flow_.reach(name) == Reach::kExact) continue;
      if (!flow_.shows_error(name)) {
        push(name);
        continue;
      }
      reads_last = true;
      if (seen_.insert(name).second) last_.emplace_back(*flow_.maker(name), name);
    }
    if (reads_last && is_cause(node)) selecting_.push_back(place);
  }

  static bool is_cause(const onnx::NodeProto& node) {
    return selects(node) || compares(node) || node.op_type() == "Cast" ||
           has_body_that_selects(node);
  }

  std::vector<std::string> names_of(std::vector<int>& places) const {
    std::sort(places.begin(), places.end());
    std::vector<std::string> names;
    for (const int place : places) names.push_back(flow_.node(place).name());
    return names;
  }

  const Flow& flow_;
  const std::string& output_;
  std::vector<std::string> pending_;
  std::unordered_set<std::string> seen_;
  std::unordered_set<int> visited_;
  /// Each with the place of its maker.
  std::vector<std::pair<int, std::string>> last_;
  std::vector<int> selecting_;
  std::vector<int> hidden_;
};

JudgedOutput judge(const Flow& flow, const std::string& output) {
  const Reach reach = flow.reach(output);
  if (reach != Reach::kExact && reach != Reach::kSmooth) return WayBack(flow, output).take();
  return {.output = output, .tensors = {output}};
}

}  // namespace

std::vector<JudgedOutput> judged_outputs(const passes::PreparedModel& prepared) {
  const Flow flow(prepared);
  std::vector<JudgedOutput> judged;
  for (const auto& output : prepared.model.graph().output()) {
    judged.push_back(judge(flow, output.name()));
  }
  return judged;
}

std::vector<std::string> inner_tensors(std::span<const JudgedOutput> judged) {
  std::unordered_set<std::string> seen;
  for (const auto& output : judged) seen.insert(output.output);
  std::vector<std::string> inner;
  for (const auto& output : judged) {
    for (const auto& tensor : output.tensors) {
      if (seen.insert(tensor).second) inner.push_back(tensor);
    }
  }
  return inner;
}

}  // namespace rangefinder::analysis
