#include "passes/prepare.h"

#include <fmt/format.h>

#include <unordered_set>

#include "base/error.h"
#include "engine/optimize.h"
#include "engine/session.h"
#include "graph/attributes.h"
#include "graph/model_file.h"
#include "graph/opset_upgrade.h"
#include "passes/fold_affine.h"
#include "passes/gemm_bias.h"
#include "passes/hard_swish.h"
#include "passes/mean_pool.h"
#include "passes/widen_float16.h"

namespace rangefinder::passes {
namespace {

/// Initializers that are also inputs could be replaced by a caller; calibration takes the values
/// in the file, so they are constants here.
void make_inputs_constant(onnx::GraphProto& graph) {
  std::unordered_set<std::string> constants;
  for (const auto& constant : graph.initializer()) constants.insert(constant.name());
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> inputs;
  for (auto& input : *graph.mutable_input()) {
    if (!constants.contains(input.name())) inputs.Add()->Swap(&input);
  }
  graph.mutable_input()->Swap(&inputs);
}

/// Asks ONNX Runtime for the type and shape of everything that the main graph makes, by declaring
/// all of it as outputs.
TensorInfos infer(const onnx::ModelProto& model, const std::filesystem::path& path) {
  onnx::ModelProto revealing = model;
  auto& graph = *revealing.mutable_graph();
  std::unordered_set<std::string> outputs;
  for (const auto& output : graph.output()) outputs.insert(output.name());
  for (const auto& node : graph.node()) {
    for (const auto& name : node.output()) {
      if (!name.empty() && outputs.insert(name).second) graph.add_output()->set_name(name);
    }
  }
  const engine::Session session(engine::ModelSource(graph::serialize(revealing), path),
                                {.optimization = engine::OptimizationLevel::kNone});
  TensorInfos infos;
  for (const auto& info : session.inputs()) infos[info.name] = {info.type, info.shape};
  for (const auto& info : session.outputs()) infos[info.name] = {info.type, info.shape};
  return infos;
}

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

PreparedModel prepare(const std::filesystem::path& path) {
  PreparedModel prepared;
  onnx::ModelProto original = graph::load_model(path);
  make_inputs_constant(*original.mutable_graph());
  // ONNX Runtime refuses two nodes of one name.
  graph::name_nodes(original);
  std::string bytes = graph::serialize(original);
  prepared.fingerprint = graph::fingerprint(bytes);
  prepared.size = bytes.size();
  if (widen_float16(original)) bytes = graph::serialize(original);
  const auto optimized =
      engine::optimize_model(engine::ModelSource(bytes, path), engine::OptimizationLevel::kBasic);
  prepared.model = graph::parse_model(optimized.bytes, path.string());
  prune_opset_imports(prepared.model);
  graph::name_nodes(prepared.model);
  prepared.infos = infer(prepared.model, path);
  upgrade(prepared, path);
  graph::name_nodes(prepared.model);
  fold_affine(prepared.model);
  split_gemm_bias(prepared.model, prepared.infos);
  write_hard_swish(prepared.model, prepared.infos);
  write_mean_as_pool(prepared.model, prepared.infos);
  return prepared;
}

}  // namespace rangefinder::passes
