#include "workflow/reference.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "exporters/qdq.h"
#include "graph/attributes.h"
#include "graph/metadata.h"

namespace rangefinder::workflow {
namespace {

using Makers = std::unordered_map<std::string, const onnx::NodeProto*>;

/// Whether the tensor, or what it was moved from, is what a DequantizeLinear makes.
bool is_restored(const Makers& makers, const std::string& tensor) {
  static const std::unordered_set<std::string_view> kMovers = {
      "MaxPool", "Reshape", "Transpose", "Flatten",      "Squeeze",
      "Slice",   "Gather",  "Unsqueeze", "DepthToSpace", "Resize"};
  auto maker = makers.find(tensor);
  while (maker != makers.end() && kMovers.contains(maker->second->op_type())) {
    maker = makers.find(maker->second->input(0));
  }
  return maker != makers.end() && maker->second->op_type() == "DequantizeLinear";
}

}  // namespace

std::string foreign_target(const onnx::ModelProto& model) {
  const std::string* target = graph::find_metadata(model, exporters::kTargetKey);
  return target == nullptr ? std::string() : *target;
}

engine::Session open_plain(const engine::ModelSource& model) {
  return engine::Session(model, {.optimization = engine::OptimizationLevel::kNone});
}

std::function<engine::Session()> opener_for(const targets::Target& target,
                                            const engine::ModelSource& model) {
  if (target.runs_here) return {};
  return [model] { return open_plain(model); };
}

std::string reference_remark(std::string_view target) {
  return fmt::format(
      "the runtime of target {} is not here: errors are those of QuantizeLinear and "
      "DequantizeLinear with float between them; kernels and latency are not measured",
      target);
}

WrittenNodes written_nodes(const onnx::ModelProto& model) {
  Makers makers;
  for (const auto& node : model.graph().node()) {
    for (const auto& output : node.output()) makers[output] = &node;
  }
  WrittenNodes found;
  for (const auto& node : model.graph().node()) {
    if (!graph::has_weight_operator(node.op_type())) continue;
    ++found.all;
    found.in_codes += is_restored(makers, node.input(1));
  }
  return found;
}

}  // namespace rangefinder::workflow
