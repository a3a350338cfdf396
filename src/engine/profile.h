#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/model_source.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

/// What one kernel of a model took.
struct KernelTime {
  /// As ONNX Runtime calls the node (in its blocked layout by the tensor that it makes), see
  /// possible_names().
  std::string node;
  std::string op_type;
  /// Median over the runs.
  double seconds = 0;
};

/// What each kernel of the model takes for one sample, fully optimized, on one thread, by ONNX
/// Runtime's own profiler; two runs come first and do not count. In the order of the first run.
/// Throws Error as Session does, or if the profile cannot be written or read.
std::vector<KernelTime> profile_kernels(const ModelSource& model,
                                        const tensor::NamedTensors& sample,
                                        const std::string& sample_name = {}, size_t runs = 9);

/// Names that the node behind a kernel may have had: fusing into a bound puts "fused " before it,
/// changing the layout a number or a word behind it. The name itself comes first.
std::vector<std::string> possible_names(const std::string& kernel);

}  // namespace rangefinder::engine
