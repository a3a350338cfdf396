// Each tensor with channels along axis 1 starts as a group of its own. Going through the nodes,
// what passes factors of channels on joins the groups of what it reads and makes:
//
//   Conv -> Relu -> Conv (by channel) -> Relu -> Conv -> x, x + y -> ...
//   \__ a __/       \_______ b ______/       \______ c ______/
//
// what multiplies by weights stands between groups: it takes the scales of the one before and of
// the one behind. Any other node that reads or makes a tensor rules its whole group out, as does
// whatever the outside sees.

#include "refine/convolution_chains.h"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/operator_nodes.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "passes/fused_bound.h"
#include "passes/weight_layout.h"
#include "refine/float_constant.h"
#include "refine/weight_channels.h"

namespace rangefinder::refine {
namespace {

using engine::is;

/// f(a x) = a f(x) for each channel and every a > 0, and channels stay where they are.
constexpr std::array<std::string_view, 10> kPassing = {
    "Relu",          "LeakyRelu",         "PRelu",    "MaxPool", "AveragePool",
    "GlobalMaxPool", "GlobalAveragePool", "Identity", "Dropout", "Abs"};
/// What makes values between 0 and 1, which factors multiply.
constexpr std::array<std::string_view, 3> kGates = {"Sigmoid", "HardSigmoid", "Softmax"};

class Search {
 public:
  Search(graph::Graph& graph, const passes::Annotation& annotation,
         const passes::TensorInfos& infos, const targets::Target& target)
      : graph_(graph), annotation_(annotation), infos_(infos), target_(target) {
    for (const auto& node : annotation.weighted) {
      if (node.has_constant_weight) weighted_.insert(node.name);
    }
  }

  std::vector<ScalableChannels> run() {
    const auto& nodes = graph_.message().node();
    if (std::none_of(nodes.begin(), nodes.end(),
                     [&](const auto& node) { return convolves_by_channel(node); })) {
      return {};
    }
    for (const auto& node : nodes) visit(node);
    for (const auto& name : order_) {
      if (is_seen_outside(name)) rule_out(place_of(name));
    }
    std::vector<ScalableChannels> found;
    for (auto& [root, group] : collected()) {
      if (is_worth_it(group)) found.push_back(std::move(group));
    }
    return found;
  }

 private:
  /// What is known of a tensor, and whose group it is in.
  struct Member {
    size_t parent = 0;
    bool is_ruled_out = false;
    /// Along axis 1; 0: not known.
    size_t channels = 0;
    std::optional<float> upper = {};
  };

  // Groups ---------------------------------------------------------------------------------------

  size_t place_of(const std::string& tensor) {
    const auto [found, is_new] = places_.try_emplace(tensor, members_.size());
    if (is_new) {
      order_.push_back(tensor);
      members_.push_back({.parent = members_.size()});
    }
    return found->second;
  }

  size_t root_of(size_t place) {
    while (members_[place].parent != place) {
      members_[place].parent = members_[members_[place].parent].parent;
      place = members_[place].parent;
    }
    return place;
  }

  void rule_out(size_t place) { members_[root_of(place)].is_ruled_out = true; }
  void rule_out(const std::string& tensor) { rule_out(place_of(tensor)); }

  /// A group has one number of channels, or is none.
  void expect(const std::string& tensor, size_t channels) {
    Member& root = members_[root_of(place_of(tensor))];
    if (root.channels == 0) root.channels = channels;
    if (root.channels != channels) root.is_ruled_out = true;
  }

  void join(const std::string& a, const std::string& b) {
    const size_t into = root_of(place_of(a));
    const size_t from = root_of(place_of(b));
    if (into == from) return;
    Member& kept = members_[into];
    Member& gone = members_[from];
    gone.parent = into;
    kept.is_ruled_out = kept.is_ruled_out || gone.is_ruled_out;
    if (gone.upper) bound(into, *gone.upper);
    if (gone.channels == 0) return;
    if (kept.channels == 0) kept.channels = gone.channels;
    if (kept.channels != gone.channels) kept.is_ruled_out = true;
  }

  void bound(size_t root, float upper) {
    Member& member = members_[root];
    member.upper = std::min(upper, member.upper.value_or(upper));
  }

  // Nodes ----------------------------------------------------------------------------------------

  void visit(const onnx::NodeProto& node) {
    if (multiplies(node)) {
      read_by(node);
      made_by(node);
    } else if (!passes_on(node)) {
      for (const auto& input : node.input()) rule_out_unless_constant(input);
      for (const auto& output : node.output()) {
        if (!output.empty()) rule_out(output);
      }
    }
  }

  bool convolves_by_channel(const onnx::NodeProto& node) const {
    if (node.op_type() != "Conv" || !weighted_.contains(node.name())) return false;
    const auto* weight = float_constant(graph_, node.input(1));
    if (weight == nullptr) return false;
    const WeightChannels channels(node, *weight);
    return channels.group_count() > 1 && channels.group_count() == channels.input_count();
  }

  /// By constant weights of its own, each of whose output channels has its scale.
  bool multiplies(const onnx::NodeProto& node) const {
    if (!node.domain().empty() || !graph::has_weight_operator(node.op_type())) return false;
    const auto* weight = float_constant(graph_, node.input(1));
    if (weight == nullptr || graph_.uses(node.input(1)).size() > 1) return false;
    if (graph::int_attribute(node, "transA", 0) != 0) return false;
    const bool is_matrix = node.op_type() == "Gemm" || node.op_type() == "MatMul";
    if (is_matrix ? weight->dims_size() != 2 : weight->dims_size() < 3) return false;
    const tensor::Shape shape(weight->dims().begin(), weight->dims().end());
    const auto scales = target_.channel_scales;
    if (scales == targets::ChannelScales::kNone) return false;
    if (scales == targets::ChannelScales::kOfConv && is_matrix) return false;
    return passes::weight_layout(node, shape).axis.has_value();
  }

  void read_by(const onnx::NodeProto& node) {
    const WeightChannels channels(node, *graph_.initializer(node.input(1)));
    if (!has_channels_second(node, node.input(0))) rule_out(node.input(0));
    expect(node.input(0), channels.input_count());
    readers_.push_back({node.name(), weighted_.contains(node.name()), node.input(0)});
  }

  void made_by(const onnx::NodeProto& node) {
    const std::string& output = node.output(0);
    const WeightChannels channels(node, *graph_.initializer(node.input(1)));
    expect(output, channels.output_count());
    if (!has_channels_second(node, output)) rule_out(output);
    constants_.push_back({output, node.name(), 1});
    if (node.input_size() <= 2 || node.input(2).empty()) return;
    if (is_row(node.input(2), channels.output_count())) {
      constants_.push_back({output, node.name(), 2});
    } else {
      rule_out(output);
      rule_out_unless_constant(node.input(2));
    }
  }

  /// Of a Conv as it is; of a matrix if there are two dimensions.
  bool has_channels_second(const onnx::NodeProto& node, const std::string& tensor) const {
    if (node.op_type() != "Gemm" && node.op_type() != "MatMul") return true;
    const auto* shape = shape_of(tensor);
    return shape != nullptr && shape->size() == 2;
  }

  /// Joins what the node reads and makes, if that is all it does to factors.
  bool passes_on(const onnx::NodeProto& node) {
    if (node.input_size() == 0 || node.output_size() == 0) return false;
    if (engine::is_one_of(&node, kPassing)) return pass_first(node, node.output_size() == 1);
    if (is(&node, "Clip")) return pass_clip(node);
    if (is(&node, "Pad")) return pass_first(node, pads_zeros_around(node));
    if (is(&node, "Resize") || is(&node, "Upsample")) return pass_first(node, resizes_plane(node));
    if (is(&node, "Flatten") || is(&node, "Reshape") || is(&node, "Squeeze")) {
      return pass_first(node, flattens_pixel(node));
    }
    if (is(&node, "Add") || is(&node, "Sub") || is(&node, "Sum")) return pass_sum(node);
    if (is(&node, "Mul") || is(&node, "Div")) return pass_product(node);
    return false;
  }

  bool pass_first(const onnx::NodeProto& node, bool does) {
    if (!does) return false;
    join(node.input(0), node.output(0));
    for (int i = 1; i < node.input_size(); ++i) rule_out_unless_constant(node.input(i));
    return true;
  }

  void rule_out_unless_constant(const std::string& tensor) {
    if (!tensor.empty() && !graph_.initializer(tensor)) rule_out(tensor);
  }

  bool pass_clip(const onnx::NodeProto& node) {
    const auto found = passes::fused_bound(graph_, target_, node.input(0));
    if (!found || found->output != node.output(0)) return false;
    join(node.input(0), node.output(0));
    if (found->upper) bound(root_of(place_of(node.output(0))), *found->upper);
    return true;
  }

  bool pads_zeros_around(const onnx::NodeProto& node) const {
    const std::string mode = graph::string_attribute(node, "mode", "constant");
    if (mode != "constant") return false;
    const bool has_value = node.input_size() > 2 && !node.input(2).empty();
    if (has_value && passes::scalar_constant(graph_, node.input(2)) != 0.0f) return false;
    if (graph::float_attribute(node, "value", 0) != 0) return false;
    return keeps_second(node);
  }

  bool resizes_plane(const onnx::NodeProto& node) const {
    const std::string mode = graph::string_attribute(node, "coordinate_transformation_mode", "");
    return mode != "tf_crop_and_resize" && keeps_second(node);
  }

  /// The second dimension is known, and the same before and behind.
  bool keeps_second(const onnx::NodeProto& node) const {
    const auto* before = shape_of(node.input(0));
    const auto* behind = shape_of(node.output(0));
    return before && behind && before->size() == behind->size() && before->size() > 2 &&
           (*before)[1] > 0 && (*before)[1] == (*behind)[1];
  }

  /// [N, C, 1, 1] becomes [N, C].
  bool flattens_pixel(const onnx::NodeProto& node) const {
    const auto* before = shape_of(node.input(0));
    const auto* behind = shape_of(node.output(0));
    return before && behind && before->size() > 2 && behind->size() == 2 && (*before)[1] > 0 &&
           (*before)[1] == (*behind)[1] &&
           std::all_of(before->begin() + 2, before->end(), [](int64_t size) { return size == 1; });
  }

  bool pass_sum(const onnx::NodeProto& node) {
    const auto* made = shape_of(node.output(0));
    if (made == nullptr || made->size() < 2 || (*made)[1] <= 0) return false;
    const auto channels = static_cast<size_t>((*made)[1]);
    std::vector<int> rows;
    std::vector<std::string> tensors;
    for (int i = 0; i < node.input_size(); ++i) {
      if (graph_.initializer(node.input(i))) {
        if (!is_row_of(node.input(i), *made) || graph_.uses(node.input(i)).size() > 1) return false;
        rows.push_back(i);
        continue;
      }
      const auto* shape = shape_of(node.input(i));
      if (!shape || shape->size() != made->size() || (*shape)[1] != (*made)[1]) return false;
      tensors.push_back(node.input(i));
    }
    if (tensors.empty()) return false;
    for (const auto& tensor : tensors) join(tensor, node.output(0));
    for (const int row : rows) constants_.push_back({node.output(0), node.name(), row});
    expect(node.output(0), channels);
    return true;
  }

  /// By a constant of one value for all or for each channel, or by what a gate makes.
  bool pass_product(const onnx::NodeProto& node) {
    const auto* made = shape_of(node.output(0));
    if (made == nullptr || made->size() < 2) return false;
    const auto is_factor = [&](const std::string& input) {
      if (graph_.initializer(input)) {
        return passes::scalar_constant(graph_, input).has_value() || is_row_of(input, *made);
      }
      const auto* maker = graph_.producer(input);
      return engine::is_one_of(maker, kGates);
    };
    const bool second = is_factor(node.input(1));
    const bool first = !is(&node, "Div") && is_factor(node.input(0));
    if (first == second) return false;
    const std::string& scaled = node.input(first ? 1 : 0);
    const std::string& factor = node.input(first ? 0 : 1);
    if (graph_.initializer(scaled)) return false;
    const auto* shape = shape_of(scaled);
    if (!shape || shape->size() != made->size() || (*shape)[1] != (*made)[1]) return false;
    join(scaled, node.output(0));
    rule_out_unless_constant(factor);
    return true;
  }

  // What is known of tensors ---------------------------------------------------------------------

  /// So many values along one axis.
  bool is_row(const std::string& name, size_t size) const {
    const auto* constant = float_constant(graph_, name);
    if (constant == nullptr) return false;
    const auto& dims = constant->dims();
    return std::count_if(dims.begin(), dims.end(), [](int64_t dim) { return dim != 1; }) <= 1 &&
           std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>()) ==
               static_cast<int64_t>(size);
  }

  /// One value for each channel of a tensor of this shape.
  bool is_row_of(const std::string& name, const tensor::Shape& made) const {
    if (made[1] <= 0 || !is_row(name, static_cast<size_t>(made[1]))) return false;
    const auto& dims = graph_.initializer(name)->dims();
    const size_t behind = made.size() - 2;
    const auto rank = static_cast<size_t>(dims.size());
    return rank > behind && dims[static_cast<int>(rank - behind - 1)] == made[1];
  }

  const tensor::Shape* shape_of(const std::string& tensor) const {
    const auto found = infos_.find(tensor);
    return found == infos_.end() || !found->second.shape ? nullptr : &*found->second.shape;
  }

  bool is_seen_outside(const std::string& tensor) const {
    return graph_.is_input(tensor) || graph_.is_output(tensor) || graph_.is_used_by_body(tensor) ||
           graph_.producer(tensor) == nullptr || !passes::is_float(infos_, tensor);
  }

  // Groups that are found ------------------------------------------------------------------------

  std::vector<std::pair<size_t, ScalableChannels>> collected() {
    std::vector<std::pair<size_t, ScalableChannels>> groups;
    std::unordered_map<size_t, size_t> numbers;
    for (size_t place = 0; place < order_.size(); ++place) {
      const size_t root = root_of(place);
      if (members_[root].is_ruled_out) continue;
      const auto [found, is_new] = numbers.try_emplace(root, groups.size());
      if (is_new) {
        groups.emplace_back(root, ScalableChannels{.axis = 1, .upper = members_[root].upper});
      }
      add_tensor(order_[place], groups[found->second].second);
    }
    const auto group_of = [&](const std::string& tensor) -> ScalableChannels* {
      const auto found = numbers.find(root_of(place_of(tensor)));
      return found == numbers.end() ? nullptr : &groups[found->second].second;
    };
    for (const ScaledReader& reader : readers_) {
      if (auto* group = group_of(reader.tensor)) group->readers.push_back(reader);
    }
    for (const auto& [tensor, node, input] : constants_) {
      auto* group = group_of(tensor);
      if (group == nullptr) continue;
      if (group->maker.empty()) {
        group->maker = node;
        group->output = tensor;
      }
      group->constants.emplace_back(node, input);
    }
    return groups;
  }

  void add_tensor(const std::string& name, ScalableChannels& group) const {
    group.tensors.push_back(name);
    const auto* tensor = annotation_.find(name);
    if (tensor != nullptr && tensor->is_observed()) group.observed.push_back(name);
  }

  static bool is_worth_it(const ScalableChannels& group) {
    return group.takes_scales() && !group.observed.empty() &&
           std::any_of(group.readers.begin(), group.readers.end(),
                       [](const ScaledReader& reader) { return reader.is_integer; });
  }

  /// A constant that the channels of a tensor go through.
  struct Taker {
    std::string tensor;
    std::string node;
    int input;
  };

  graph::Graph& graph_;
  const passes::Annotation& annotation_;
  const passes::TensorInfos& infos_;
  const targets::Target& target_;
  std::unordered_set<std::string> weighted_;
  std::unordered_map<std::string, size_t> places_;
  /// Tensors in the order in which they were met.
  std::vector<std::string> order_;
  std::vector<Member> members_;
  std::vector<ScaledReader> readers_;
  std::vector<Taker> constants_;
};

}  // namespace

std::vector<ScalableChannels> convolution_chains(graph::Graph& graph,
                                                 const passes::Annotation& annotation,
                                                 const passes::TensorInfos& infos,
                                                 const targets::Target& target) {
  return Search(graph, annotation, infos, target).run();
}

}  // namespace rangefinder::refine
