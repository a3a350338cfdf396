#pragma once

#include <onnx/onnx_pb.h>

#include "passes/annotate.h"

namespace rangefinder::passes {

/// Writes ReduceMean over all spatial axes of a tensor of rank 3 to 5 as GlobalAveragePool, with a
/// Flatten behind it where the axes go away. The same sum; runtimes compute only the pooling in
/// integers, and networks with squeeze-and-excite hold it in every block.
void write_mean_as_pool(onnx::ModelProto& model, TensorInfos& infos);

}  // namespace rangefinder::passes
