#pragma once

#include <onnx/onnx_pb.h>

#include <span>
#include <string>
#include <vector>

#include "analysis/model_error.h"
#include "data/sample_source.h"
#include "rangefinder/run_control.h"

namespace rangefinder::workflow {

/// How far the outputs of `restored`, and its tensors `inner`, are from those of the same names in
/// `real`, over all samples: analysis::model_error() for models in memory and tensors inside of
/// them. Both models must make the tensors `inner` in their main graphs. Throws as
/// analysis::model_error().
std::vector<analysis::OutputError> model_errors(const onnx::ModelProto& real,
                                                const onnx::ModelProto& restored,
                                                std::span<const std::string> inner,
                                                const data::SampleSource& samples,
                                                const RunControl& run);

}  // namespace rangefinder::workflow
