#include "passes/tensor_infos.h"

#include <unordered_set>

#include "engine/packed_model.h"
#include "engine/session.h"

namespace rangefinder::passes {

TensorInfos infer_tensors(const onnx::ModelProto& model, const std::filesystem::path& path) {
  // Everything is declared as an output, so that it is asked for.
  onnx::ModelProto revealing = model;
  auto& graph = *revealing.mutable_graph();
  std::unordered_set<std::string> outputs;
  for (const auto& output : graph.output()) outputs.insert(output.name());
  for (const auto& node : graph.node()) {
    for (const auto& name : node.output()) {
      if (!name.empty() && outputs.insert(name).second) graph.add_output()->set_name(name);
    }
  }
  const engine::Session session(
      engine::pack_model(revealing, path),
      {.optimization = engine::OptimizationLevel::kNone, .is_for_looking = true});
  TensorInfos infos;
  for (const auto& info : session.inputs()) infos[info.name] = {info.type, info.shape};
  for (const auto& info : session.outputs()) infos[info.name] = {info.type, info.shape};
  return infos;
}

}  // namespace rangefinder::passes
