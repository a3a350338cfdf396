#include "analog/layers/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "analog/layers/layer_candidates.h"
#include "base/error.h"
#include "graph/attributes.h"
#include "graph/graph.h"
#include "graph/model_file.h"
#include "graph/opset_upgrade.h"

namespace rangefinder::analog {
namespace {

/// Clip with computed bounds, which the exported model uses.
constexpr int64_t kOldestOpset = 11;

/// Operators that multiply by a matrix but have no analog form here.
const std::map<std::string, std::string>& unsupported() {
  static const std::map<std::string, std::string> reasons = {
      {"ConvTranspose", "transposed convolutions are not supported"},
      {"Einsum", "Einsum is not supported"},
      {"QLinearConv", "it is quantized already"},
      {"QLinearMatMul", "it is quantized already"},
      {"ConvInteger", "it is quantized already"},
      {"MatMulInteger", "it is quantized already"},
      {"MatMulNBits", "it is quantized already"},
      {"DeformConv", "deformable convolutions are not supported"},
      {"FusedConv", "ONNX Runtime has fused it; take the model before its optimization"},
      {"FusedGemm", "ONNX Runtime has fused it; take the model before its optimization"},
      {"FusedMatMul", "ONNX Runtime has fused it; take the model before its optimization"},
  };
  return reasons;
}

bool is_linear(const std::string& type) { return type == "Gemm" || type == "MatMul"; }
bool is_recurrent(const std::string& type) {
  return type == "LSTM" || type == "GRU" || type == "RNN";
}
bool is_candidate(const std::string& type) {
  return is_linear(type) || is_recurrent(type) || type == "Conv" || unsupported().contains(type);
}

Candidates candidates_of(const graph::Graph& graph, const onnx::NodeProto& node) {
  const std::string& type = node.op_type();
  if (const auto found = unsupported().find(type); found != unsupported().end()) {
    return StaysDigital{found->second};
  }
  if (is_linear(type)) return linear_candidates(graph, node);
  if (type == "Conv") return convolution_candidates(graph, node);
  return recurrent_candidates(graph, node);
}

bool is_candidate(const onnx::NodeProto& node) {
  const std::string& domain = node.domain();
  if (domain == "com.microsoft") return unsupported().contains(node.op_type());
  return (domain.empty() || domain == "ai.onnx") && is_candidate(node.op_type());
}

/// A node of the main graph has a name; one of a body may be known by what it makes alone.
std::string name_of(const onnx::NodeProto& node) {
  if (!node.name().empty() || node.output_size() == 0) return node.name();
  return node.op_type() + "_" + node.output(0);
}

void list_bodies(const onnx::NodeProto& node, std::vector<DigitalNode>& digital);

/// Lists candidates that are not converted because of where they lie.
void list_nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes,
                const std::string& reason, std::vector<DigitalNode>& digital) {
  for (const onnx::NodeProto& node : nodes) {
    if (is_candidate(node)) digital.push_back({name_of(node), node.op_type(), reason});
    list_bodies(node, digital);
  }
}

/// Lists what lies inside of bodies: nothing there is converted.
void list_bodies(const onnx::NodeProto& node, std::vector<DigitalNode>& digital) {
  graph::for_each_subgraph(node, [&](const onnx::GraphProto& body) {
    list_nodes(body.node(), fmt::format("it lies inside of {} {}", node.op_type(), name_of(node)),
               digital);
  });
}

/// And what lies inside of local functions that are still there.
void list_functions(const onnx::ModelProto& model, std::vector<DigitalNode>& digital) {
  for (const onnx::FunctionProto& function : model.functions()) {
    list_nodes(function.node(),
               fmt::format("it lies inside of the function {}, whose operator sets are others than "
                           "the model's",
                           function.name()),
               digital);
  }
}

void upgrade(onnx::ModelProto& model) {
  const auto unknown_rank = [](const std::string&) { return std::optional<int64_t>(); };
  const auto refused = graph::upgrade_opset(model, unknown_rank);
  if (graph::opset_version(model) >= kOldestOpset) return;
  throw Error(fmt::format("operator set {} cannot be brought to {}: {}",
                          graph::opset_version(model), kOldestOpset,
                          refused.value_or("unknown version")));
}

/// Collects layers and reasons while walking over a model.
class Converter {
 public:
  explicit Converter(AnalogModel& result) : result_(result), graph_(result.model) {}

  void run() {
    for (onnx::NodeProto& node : *result_.model.mutable_graph()->mutable_node()) {
      list_bodies(node, result_.digital);
      if (is_candidate(node)) visit(node);
    }
    list_functions(result_.model, result_.digital);
    make_modules_unique();
  }

 private:
  void visit(const onnx::NodeProto& node) {
    if (result_.config.excludes(node.name())) return stay_digital(node, "it is excluded by name");
    Candidates found = candidates_of(graph_, node);
    if (const auto* digital = std::get_if<StaysDigital>(&found)) {
      return stay_digital(node, digital->reason);
    }
    auto& candidates = std::get<std::vector<LayerCandidate>>(found);
    for (const LayerCandidate& candidate : candidates) {
      const AnalogLayer& layer = candidate.layer;
      if (result_.config.excludes(layer.name) || result_.config.excludes(layer.module)) {
        return stay_digital(node, "it is excluded by name");
      }
      if (!index_.contains(candidate.key) && result_.find(layer.name) != nullptr) {
        return stay_digital(node, "another layer is called " + layer.name);
      }
    }
    for (LayerCandidate& candidate : candidates) add(std::move(candidate));
  }

  void stay_digital(const onnx::NodeProto& node, const std::string& reason) {
    result_.digital.push_back({node.name(), node.op_type(), reason});
  }

  void add(LayerCandidate candidate) {
    const auto [known, is_new] = index_.try_emplace(candidate.key, result_.layers.size());
    if (!is_new) {
      AnalogLayer& layer = result_.layers[known->second];
      layer.sites.push_back(std::move(candidate.layer.sites.front()));
      return;
    }
    AnalogLayer& layer = candidate.layer;
    layer.config = result_.config.layer(layer.name, layer.module);
    if (result_.compatibility == Compatibility::kNone) {
      clip_weights(layer.weights, layer.outputs, layer.config.clip);
    }
    result_.layers.push_back(std::move(layer));
  }

  /// A module name that two layers claim (one weight read in two ways) is nobody's.
  void make_modules_unique() {
    std::map<std::string, int> claims;
    for (const AnalogLayer& layer : result_.layers) ++claims[layer.module];
    for (AnalogLayer& layer : result_.layers) {
      if (claims[layer.module] > 1) layer.module = layer.name;
    }
  }

  AnalogModel& result_;
  graph::Graph graph_;
  std::map<std::string, size_t> index_;
};

constexpr size_t kMostReasons = 3;

}  // namespace

std::string why_nothing(const AnalogModel& model) {
  if (model.digital.empty()) {
    return "nothing becomes analog: there is no Gemm, MatMul, Conv, LSTM, GRU or RNN";
  }
  std::string text = "nothing becomes analog";
  for (size_t i = 0; i < std::min(kMostReasons, model.digital.size()); ++i) {
    const DigitalNode& node = model.digital[i];
    text += fmt::format("{} {} '{}': {}", i == 0 ? ":" : ";", node.op_type, node.name, node.reason);
  }
  if (model.digital.size() <= kMostReasons) return text;
  return text + fmt::format("; and {} more", model.digital.size() - kMostReasons);
}

AnalogModel convert_to_analog(onnx::ModelProto model, NetworkConfig config,
                              Compatibility compatibility) {
  validate(config.base);
  AnalogModel result;
  result.model = std::move(model);
  result.config = std::move(config);
  result.compatibility = compatibility;
  upgrade(result.model);
  graph::name_nodes(result.model);
  Converter(result).run();
  return result;
}

}  // namespace rangefinder::analog
