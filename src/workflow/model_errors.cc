#include "workflow/model_errors.h"

#include <algorithm>

#include "engine/packed_model.h"

namespace rangefinder::workflow {
namespace {

/// The model with some inner tensors among its outputs.
engine::ModelSource revealing(onnx::ModelProto model, std::span<const std::string> inner) {
  auto& graph = *model.mutable_graph();
  for (const std::string& name : inner) {
    const auto same = [&](const auto& output) { return output.name() == name; };
    if (std::any_of(graph.output().begin(), graph.output().end(), same)) continue;
    graph.add_output()->set_name(name);
  }
  return engine::pack_model(model, "");
}

}  // namespace

std::vector<analysis::OutputError> model_errors(const onnx::ModelProto& real,
                                                const onnx::ModelProto& restored,
                                                std::span<const std::string> inner,
                                                const data::SampleSource& samples,
                                                const RunControl& run) {
  // What calibration refuses is refused where layers read it; elsewhere it is counted.
  return analysis::compare(revealing(real, inner), revealing(restored, inner), samples,
                           {.run = run})
      .outputs;
}

}  // namespace rangefinder::workflow
