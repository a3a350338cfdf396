#include "workflow/model_errors.h"

#include "analysis/reveal.h"
#include "engine/packed_model.h"

namespace rangefinder::workflow {

std::vector<analysis::OutputError> model_errors(const onnx::ModelProto& real,
                                                const onnx::ModelProto& restored,
                                                std::span<const std::string> inner,
                                                const data::SampleSource& samples,
                                                const RunControl& run) {
  // What calibration refuses is refused where layers read it; elsewhere it is counted.
  const auto ready = [&](const onnx::ModelProto& model) {
    return engine::pack_model(analysis::revealing(model, inner), "");
  };
  return analysis::model_error(ready(real), ready(restored), samples, {.run = run}).outputs;
}

}  // namespace rangefinder::workflow
