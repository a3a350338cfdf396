#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <vector>

#include "engine/model_source.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

/// What a model must be given, as its file declares it; an extent is -1 where it is open. Without
/// initializers that a caller could override.
std::vector<TensorInfo> declared_inputs(const onnx::ModelProto& model);

/// Samples as a model takes them: which members of an archive go to which input, which arrays hold
/// many samples; samples of a pipe are compared with the inputs before memory is taken for them.
/// `inputs` is asked only where that makes a difference. Throws Error: it is not clear how samples
/// are meant; a pipe for a model with several inputs; what `inputs` throws.
SampleInput fit_samples(const SampleInput& samples,
                        const std::function<std::vector<TensorInfo>()>& inputs);
/// The same for a model that is read for it. Throws Error as engine::load_model() does.
SampleInput fit_samples(const SampleInput& samples, const engine::ModelSource& model);

}  // namespace rangefinder::workflow
