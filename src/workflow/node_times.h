#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>
#include <vector>

#include "analysis/kernel_nodes.h"
#include "data/sample_source.h"
#include "engine/model_source.h"
#include "report/summary.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// A network, and two models that compute it: its float form and its quantized one, as their users
/// have them.
struct TimedModels {
  const onnx::ModelProto& network;
  engine::ModelSource real = {};
  engine::ModelSource quantized = {};
  /// What ONNX Runtime makes of the quantized one, see analysis::check_fusion().
  engine::ModelSource optimized = {};
};

/// A kernel, what it computes of the network, and what it takes for one sample.
struct TimedKernel {
  analysis::KernelNodes what = {};
  double seconds = 0;
};

struct TimedKernels {
  std::vector<TimedKernel> real = {};
  std::vector<TimedKernel> quantized = {};
  size_t runs = 0;
};

/// Times the kernels of both models by the first sample that both can run: 3 to 11 runs of each, up
/// to 2 seconds, in turn, on one thread. Empty without samples. Throws Error: a model that ONNX
/// Runtime refuses, none of the samples can be run, cancellation.
std::optional<TimedKernels> time_kernels(const TimedModels& models,
                                         const data::SampleSource& samples);

/// Puts the times to rows of nodes, and adds up the others. What one kernel computes of either
/// model is told together: by the first row among them that has weights, or else
/// after which kernels of both models are called, or else by the first.
report::NodeTimes tell_times(const onnx::GraphProto& network, const TimedKernels& timed,
                             std::vector<report::NodeRow>& rows);

/// Tells in the summary how the time of a held-out sample is spread over its nodes. `optimized`:
/// what ONNX Runtime makes of the quantized model. That it cannot be measured costs no more than
/// the figures: a note says so.
void measure_node_times(const Plan& plan, const engine::ModelSource& quantized,
                        const engine::ModelSource& optimized, const data::SampleSource& held_out,
                        report::Summary& summary);

/// Rows of the float model's nodes with their times, and the others. Empty, and throws, as
/// time_kernels().
struct ToldNodes {
  std::vector<report::NodeRow> nodes = {};
  report::NodeTimes times = {};
};
std::optional<ToldNodes> compare_node_times(const engine::ModelSource& real,
                                            const engine::ModelSource& quantized,
                                            const engine::ModelSource& optimized,
                                            const data::SampleSource& samples);

}  // namespace rangefinder::workflow
