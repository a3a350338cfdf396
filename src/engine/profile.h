#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/model_source.h"
#include "engine/session.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

/// What one kernel of a model took.
struct KernelTime {
  /// As ONNX Runtime calls the node (in its blocked layout by the tensor that it makes), see
  /// possible_names().
  std::string node;
  std::string op_type;
  /// Median over the runs, of all that it does in one: a body that it runs belongs to it.
  double seconds = 0;
  /// The least of the runs: on a machine that does other things, too, they only take longer.
  double least_seconds = 0;
};

struct ProfileOptions {
  /// Runs that do not count.
  size_t warm_up_runs = 2;
  /// Runs of each model: at least so many, then until the time is up.
  size_t least_runs = 9;
  size_t most_runs = 9;
  double seconds = 0;
  OptimizationLevel optimization = OptimizationLevel::kAll;
};

/// What the kernels of several models take.
struct Profiles {
  /// Of each model, in the order of the first run.
  std::vector<std::vector<KernelTime>> kernels = {};
  /// Runs of each that count.
  size_t runs = 0;
};

/// What each kernel of the models takes for one sample, on one thread, by ONNX Runtime's own
/// profiler, which tells whole microseconds. The models run in turn, so that what else the machine
/// does meets all of them alike. Throws Error as Session does, or if a profile cannot be written or
/// read; std::invalid_argument unless 1 <= least_runs <= most_runs.
Profiles profile_in_turn(std::span<const ModelSource> models, const tensor::NamedTensors& sample,
                         const std::string& sample_name = {}, const ProfileOptions& options = {});

/// The same of one fully optimized model.
std::vector<KernelTime> profile_kernels(const ModelSource& model,
                                        const tensor::NamedTensors& sample,
                                        const std::string& sample_name = {});

/// Names that the node behind a kernel may have had: fusing into a bound puts "fused " before it,
/// changing the layout a number or a word behind it. The name itself comes first.
std::vector<std::string> possible_names(const std::string& kernel);

}  // namespace rangefinder::engine
