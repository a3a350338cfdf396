#include "passes/prepare.h"

#include <fmt/format.h>

#include <unordered_set>

#include "base/error.h"
#include "engine/optimize.h"
#include "engine/packed_model.h"
#include "engine/session.h"
#include "graph/attributes.h"
#include "graph/model_file.h"
#include "graph/opset_upgrade.h"
#include "graph/skeleton.h"
#include "passes/cubic_resize.h"
#include "passes/fold_affine.h"
#include "passes/gemm_bias.h"
#include "passes/gemm_factors.h"
#include "passes/hard_swish.h"
#include "passes/interface.h"
#include "passes/matmul_bias.h"
#include "passes/mean_pool.h"
#include "passes/neutral_attributes.h"
#include "passes/resize_axes.h"
#include "passes/split_fused.h"
#include "passes/tensor_infos.h"
#include "passes/widen_float16.h"

namespace rangefinder::passes {

void make_inputs_constant(onnx::GraphProto& graph) {
  std::unordered_set<std::string> constants;
  for (const auto& constant : graph.initializer()) constants.insert(constant.name());
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> inputs;
  for (auto& input : *graph.mutable_input()) {
    if (!constants.contains(input.name())) inputs.Add()->Swap(&input);
  }
  graph.mutable_input()->Swap(&inputs);
}

namespace {

void upgrade(PreparedModel& prepared, const std::filesystem::path& path) {
  const auto rank = [&](const std::string& name) -> std::optional<int64_t> {
    const auto found = prepared.infos.find(name);
    if (found == prepared.infos.end() || !found->second.shape) return std::nullopt;
    return static_cast<int64_t>(found->second.shape->size());
  };
  const auto reason = graph::upgrade_opset(prepared.model, rank);
  if (!reason) return;
  prepared.kept_opset_because = *reason;
  const int64_t version = graph::opset_version(prepared.model);
  if (version < 10) {
    throw Error(fmt::format("operator set {} has no quantized operators and cannot be upgraded: {}",
                            version, *reason),
                {.file = path.string()});
  }
}

/// Drops the operator sets that no node uses; ONNX Runtime lists all it knows.
void prune_opset_imports(onnx::ModelProto& model) {
  std::unordered_set<std::string> used = {""};
  const std::function<void(const onnx::GraphProto&)> visit = [&](const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) {
      used.insert(node.domain() == "ai.onnx" ? "" : node.domain());
      graph::for_each_subgraph(node, visit);
    }
  };
  visit(model.graph());
  for (const auto& function : model.functions()) {
    for (const auto& node : function.node()) used.insert(node.domain());
    used.insert(function.domain());
  }
  google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> kept;
  for (auto& opset : *model.mutable_opset_import()) {
    if (used.contains(opset.domain() == "ai.onnx" ? "" : opset.domain())) kept.Add()->Swap(&opset);
  }
  model.mutable_opset_import()->Swap(&kept);
}

}  // namespace

PreparedModel prepare(const engine::ModelSource& given) {
  PreparedModel prepared;
  const std::filesystem::path& path = given.file;
  engine::HeldModel original{engine::load_model(given).model, given.held};
  refuse_blocked_layout(original.model, given.name());
  make_inputs_constant(*original.model.mutable_graph());
  prepared.origins = Origins(original.model.graph());
  const onnx::ModelProto interface = interface_of(original.model);
  // ONNX Runtime refuses two nodes of one name.
  graph::name_nodes(original.model);
  prepared.fingerprint = std::async(std::launch::deferred, [original] {
                           return graph::fingerprint(original.model);
                         }).share();
  prepared.size = graph::WholeMessage(original.model).size();
  if (widen_float16(original.model)) {
    // The Casts at inputs and outputs are named after them: nodes may have such names, too.
    graph::name_nodes(original.model);
    engine::move_weights_to_file(original);
  }
  const auto gemms = gemm_outputs(original.model);
  engine::HeldModel optimized = engine::optimize_model(
      engine::pack_model(original.model, path, original.held), engine::OptimizationLevel::kBasic);
  original.model.Clear();
  prepared.model = std::move(optimized.model);
  prepared.held = std::move(optimized.held);
  graph::name_nodes(prepared.model);
  prepared.infos = infer_tensors(prepared.model, path);
  upgrade(prepared, path);
  graph::name_nodes(prepared.model);
  split_fused(prepared.model, prepared.infos);
  prune_opset_imports(prepared.model);
  write_matmul_bias_as_gemm(prepared.model, prepared.infos);
  fold_affine(prepared.model);
  split_gemm_factors(prepared.model, prepared.infos, gemms);
  split_gemm_bias(prepared.model, prepared.infos);
  write_hard_swish(prepared.model, prepared.infos);
  write_mean_as_pool(prepared.model, prepared.infos);
  write_all_axes(prepared.model, prepared.infos);
  fence_cubic_resize(prepared.model, prepared.infos);
  drop_neutral_attributes(prepared.model);
  prepared.origins.trace(*prepared.model.mutable_graph());
  restore_interface(interface, prepared.model);
  return prepared;
}

}  // namespace rangefinder::passes
