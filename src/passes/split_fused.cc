#include "passes/split_fused.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "graph/graph.h"
#include "graph/model_file.h"
#include "passes/append_node.h"
#include "passes/transpose.h"

// A fused node is a product and a tail: FusedConv is Conv, then Add if there is a fourth input,
// then the activation. The node itself is rewritten to be the product; the tail is appended one
// operator after the other, each taking over the output from what was last so far.

namespace rangefinder::passes {
namespace {

constexpr std::string_view kMicrosoft = "com.microsoft";
constexpr std::string_view kBlocked = "com.microsoft.nchwc";

/// Operators of com.microsoft that hold weights.
constexpr std::array<std::string_view, 12> kFusedProducts = {
    "FusedConv", "FusedGemm",        "FusedMatMul",         "TransposeMatMul",
    "NhwcConv",  "NhwcFusedConv",    "GemmFastGelu",        "SparseToDenseMatMul",
    "Attention", "DecoderAttention", "LongformerAttention", "MoE"};

/// Activations of a FusedGemm, whose attributes are those of the operator behind "activation_".
constexpr std::array<std::string_view, 10> kGemmActivations = {
    "Elu",     "HardSigmoid", "LeakyRelu", "Relu", "Selu",
    "Sigmoid", "Softplus",    "Softsign",  "Tanh", "ThresholdedRelu"};

template <size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What follows a product. The type is empty if nothing does.
struct Activation {
  std::string type = {};
  std::vector<onnx::AttributeProto> attributes = {};
  /// Of a Clip, which takes them as inputs.
  float min = 0;
  float max = 0;
};

onnx::AttributeProto real(const char* name, float value) {
  onnx::AttributeProto attribute;
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
  return attribute;
}

/// Of a FusedConv; none if it is not known.
std::optional<Activation> convolution_activation(const onnx::NodeProto& node) {
  Activation result{.type = graph::string_attribute(node, "activation", "")};
  const auto* attribute = graph::find_attribute(node, "activation_params");
  const std::vector<float> values =
      attribute ? std::vector<float>(attribute->floats().begin(), attribute->floats().end())
                : std::vector<float>();
  const std::string& type = result.type;
  if (type.empty() || type == "Relu" || type == "Tanh" || type == "Sigmoid" || type == "Silu") {
    return result;
  }
  if (type == "LeakyRelu" && values.size() == 1) {
    result.attributes = {real("alpha", values[0])};
  } else if (type == "HardSigmoid" && values.size() == 2) {
    result.attributes = {real("alpha", values[0]), real("beta", values[1])};
  } else if (type == "Clip" && values.size() == 2) {
    result.min = values[0];
    result.max = values[1];
  } else {
    return std::nullopt;
  }
  return result;
}

/// Of a FusedGemm; none if it is not known.
std::optional<Activation> gemm_activation(const onnx::NodeProto& node) {
  constexpr std::string_view kPrefix = "activation_";
  Activation result{.type = graph::string_attribute(node, "activation", "")};
  if (!result.type.empty() && !contains(kGemmActivations, result.type)) return std::nullopt;
  for (const auto& attribute : node.attribute()) {
    if (!attribute.name().starts_with(kPrefix)) continue;
    result.attributes.push_back(attribute);
    result.attributes.back().set_name(attribute.name().substr(kPrefix.size()));
  }
  return result;
}

void remove_activation(onnx::NodeProto& node) {
  auto& attributes = *node.mutable_attribute();
  for (int i = attributes.size(); i-- > 0;) {
    if (attributes[i].name().starts_with("activation")) attributes.DeleteSubrange(i, 1);
  }
}

class Splitter {
 public:
  Splitter(graph::Graph& graph, TensorInfos& infos, onnx::NodeProto& node)
      : graph_(graph), infos_(infos), node_(node), last_(&node) {}

  void split() {
    if (node_.op_type() == "FusedConv") {
      split_convolution();
    } else if (node_.op_type() == "FusedGemm") {
      split_gemm();
    } else if (node_.op_type() == "FusedMatMul" || node_.op_type() == "TransposeMatMul") {
      split_product();
    }
  }

 private:
  void split_convolution() {
    const auto activation = convolution_activation(node_);
    if (!activation) return;
    become("Conv");
    if (node_.input_size() > 3) {
      const std::string summand = node_.input(3);
      graph_.set_input(node_, 3, "");
      node_.mutable_input()->RemoveLast();
      if (!summand.empty()) append("Add", {summand});
    }
    append(*activation);
  }

  void split_gemm() {
    const auto activation = gemm_activation(node_);
    if (!activation) return;
    become("Gemm");
    append(*activation);
  }

  void split_product() {
    const auto left = axes_of(0, "transA", "transBatchA");
    const auto right = axes_of(1, "transB", "transBatchB");
    if (!left || !right || !is_float(infos_, node_.output(0))) return;
    const float alpha = graph::float_attribute(node_, "alpha", 1);
    become("MatMul");
    node_.clear_attribute();
    reorder(0, *left);
    reorder(1, *right);
    if (alpha == 1) return;
    append("Mul", {graph_.add_initializer(graph::make_floats(
                      graph_.fresh_name(node_.name() + "_alpha"), {}, std::vector<float>{alpha}))});
  }

  /// Where each axis of a factor comes from: `matrix` swaps the last two, `batch` moves the first
  /// one behind those of the batch. None if the rank is not known.
  std::optional<std::vector<int64_t>> axes_of(int input, const char* matrix,
                                              const char* batch) const {
    std::vector<int64_t> order;
    const bool swaps = graph::int_attribute(node_, matrix, 0) != 0;
    const bool moves = graph::int_attribute(node_, batch, 0) != 0;
    if (!swaps && !moves) return order;
    const auto rank = rank_of(node_.input(input));
    if (!rank) return std::nullopt;
    if (*rank < 2) return order;
    for (int64_t axis = 0; axis < *rank; ++axis) order.push_back(axis);
    if (moves) std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
    if (swaps) std::swap(order[order.size() - 1], order[order.size() - 2]);
    return order;
  }

  std::optional<int64_t> rank_of(const std::string& tensor) const {
    if (const auto* constant = graph_.initializer(tensor)) {
      return constant->dims_size();
    }
    const auto found = infos_.find(tensor);
    if (found == infos_.end() || !found->second.shape) return std::nullopt;
    return static_cast<int64_t>(found->second.shape->size());
  }

  void become(const char* type) {
    node_.set_op_type(type);
    node_.clear_domain();
    remove_activation(node_);
  }

  void reorder(int input, const std::vector<int64_t>& order) {
    if (order.empty()) return;
    graph_.set_input(node_, input, transposed(graph_, infos_, node_.input(input), order));
  }

  void append(const Activation& activation) {
    if (activation.type.empty()) return;
    if (activation.type == "Clip") return append_clip(activation);
    if (activation.type == "Silu") return append_silu();
    onnx::NodeProto& node = append(activation.type, {});
    for (const auto& attribute : activation.attributes) *node.add_attribute() = attribute;
  }

  /// A bound that bounds nothing was not there before the fusion.
  void append_clip(const Activation& activation) {
    const bool has_min = activation.min > std::numeric_limits<float>::lowest();
    const bool has_max = activation.max < std::numeric_limits<float>::max();
    if (graph::opset_version(graph_.model()) < 11) {
      onnx::NodeProto& node = append("Clip", {});
      if (has_min) *node.add_attribute() = real("min", activation.min);
      if (has_max) *node.add_attribute() = real("max", activation.max);
      return;
    }
    std::vector<std::string> bounds;
    if (has_min || has_max) bounds.push_back(has_min ? bound("_min", activation.min) : "");
    if (has_max) bounds.push_back(bound("_max", activation.max));
    append("Clip", bounds);
  }

  /// x times Sigmoid(x).
  void append_silu() {
    const std::string gate = graph_.fresh_name(node_.output(0) + "_gate");
    infos_[gate] = infos_[node_.output(0)];
    const onnx::NodeProto& product = append("Mul", {gate});
    graph_.add_node("Sigmoid", graph_.fresh_name(node_.name() + "_Sigmoid"), {product.input(0)},
                    {gate});
  }

  std::string bound(const char* suffix, float value) {
    return graph_.add_initializer(graph::make_floats(graph_.fresh_name(node_.name() + suffix), {},
                                                     std::vector<float>{value}));
  }

  onnx::NodeProto& append(const std::string& type, const std::vector<std::string>& more) {
    const AppendedNames names = {last_->output(0) + "_before_" + type, node_.name() + "_" + type};
    last_ = &append_node(graph_, infos_, *last_, type, names, more);
    return *last_;
  }

  graph::Graph& graph_;
  TensorInfos& infos_;
  onnx::NodeProto& node_;
  onnx::NodeProto* last_;
};

}  // namespace

void split_fused(onnx::ModelProto& model, TensorInfos& infos) {
  graph::Graph graph(model);
  const int count = graph.message().node_size();
  for (int i = 0; i < count; ++i) {
    onnx::NodeProto& node = *graph.message().mutable_node(i);
    if (node.domain() == kMicrosoft) Splitter(graph, infos, node).split();
  }
  graph.finish();
}

std::string fused_obstacle(const onnx::NodeProto& node) {
  if (node.domain() != kMicrosoft || !contains(kFusedProducts, node.op_type())) return {};
  return "is fused by com.microsoft and has no integer kernel; quantize the model from before its "
         "optimization";
}

void refuse_blocked_layout(const onnx::ModelProto& model, const std::string& file) {
  const std::function<void(const onnx::GraphProto&)> visit = [&](const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) {
      if (node.domain() == kBlocked) {
        throw Error(fmt::format("{} of {} is in a layout for one machine, written by ONNX "
                                "Runtime's optimization; quantize the model from before it",
                                node.op_type(), node.domain()),
                    {.file = file, .node = node.name()});
      }
      graph::for_each_subgraph(node, visit);
    }
  };
  visit(model.graph());
}

}  // namespace rangefinder::passes
