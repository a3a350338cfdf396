#pragma once

#include <string>
#include <vector>

#include "engine/packed_model.h"
#include "graph/graph.h"
#include "passes/annotate.h"
#include "refine/norm_outputs.h"
#include "refine/smoothing.h"

namespace rangefinder::refine {

/// A norm's output and how it is to be smoothed.
struct SmoothedNorm {
  NormOutput output;
  Smoothing smoothing;
};

/// The constant matrix of a MatMul or Gemm as the channels of its input meet it.
/// Throws Error as graph::read_constant() does.
ReadMatrix read_matrix(const graph::Graph& graph, const onnx::NodeProto& node);

/// Divides the channels of norm outputs and multiplies the matrices behind them. Where nobody else
/// sees the output, gain and bias take the scales and the graph stays as it is; elsewhere a Mul is
/// added before the matrices. The model computes what it did, bit for bit as far as no value leaves
/// the range of normal numbers. New weights go into a temporary folder that the model holds. What
/// is new is added to `infos`.
///
/// Returns for each norm the tensor that leads to its matrices now. Throws Error (disk full).
/// Cost: a copy of the matrices.
std::vector<std::string> smooth_model(engine::HeldModel& model, passes::TensorInfos& infos,
                                      const std::vector<SmoothedNorm>& norms);

}  // namespace rangefinder::refine
