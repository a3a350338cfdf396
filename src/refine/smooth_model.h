#pragma once

#include <string>
#include <vector>

#include "engine/packed_model.h"
#include "graph/graph.h"
#include "passes/annotate.h"
#include "refine/scalable_channels.h"
#include "refine/smoothing.h"

namespace rangefinder::refine {

/// Channels and how they are to be divided.
struct SmoothedChannels {
  ScalableChannels where;
  Smoothing smoothing;
};

/// The constant weights of a node as the channels of its input meet them. Throws Error as
/// graph::read_constant() does, std::invalid_argument as WeightChannels.
ReadMatrix read_matrix(const graph::Graph& graph, const onnx::NodeProto& node);

/// Divides channels and multiplies the weights behind them. Where constants take the scales the
/// graph stays as it is; elsewhere a Mul is added before the readers. The model computes what it
/// did, bit for bit as far as no value leaves the range of normal numbers, or comes to a bound of a
/// Clip that it was below. New weights go into a temporary folder that the model holds. What is new
/// is added to `infos`.
///
/// Returns of each the tensor that is divided now. Throws Error (disk full). Cost: a copy of the
/// weights.
std::vector<std::string> smooth_model(engine::HeldModel& model, passes::TensorInfos& infos,
                                      const std::vector<SmoothedChannels>& smoothed);

}  // namespace rangefinder::refine
