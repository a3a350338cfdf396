#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/model_source.h"
#include "engine/sample_pass.h"
#include "graph/graph.h"
#include "passes/quantize_weights.h"
#include "rangefinder/run_control.h"
#include "refine/sample_rows.h"
#include "targets/target.h"

namespace rangefinder::refine {

struct RefinementOptions {
  /// How many samples are looked at. Of each four the last one only judges.
  size_t samples = 32;
  /// Rows of each tensor that are kept of a sample; of those that judge, a quarter.
  size_t rows = 128;
  /// Bytes for rows and gram matrices at a time: nodes are done in several passes over the samples
  /// rather than beyond it.
  uint64_t memory = uint64_t{1} << 30;
  /// Nodes with more columns are left as they are: the work grows with the third power.
  size_t most_columns = 8192;
  /// Multiplications that refining may take for each one that the nodes take for the samples looked
  /// at; nodes that would take most for theirs are left as they are. Not 0: `free_work` are allowed
  /// in any case. 0: as many as it takes.
  double work_per_product = 0;
  double free_work = 1e10;
};

/// A node with constant weights that are codes already.
struct WeightToRefine {
  const onnx::NodeProto* node;
  /// How its input becomes codes.
  InputCodes input;
  passes::QuantizedWeight* weight;
};

/// What became of a node.
struct NodeRefinement {
  std::string node = {};
  /// Why its codes are what they were; empty: they are new.
  std::string reason = {};
  /// Power of the error that the rounding of weights makes in the node's output, over rows that the
  /// rounding did not look at (over all, if there were no others), before and after. In real units,
  /// up to one factor for the whole node; of nodes that share a weight for all of them together.
  double error_before = 0;
  double error_after = 0;
};

/// Rounds weights by what their errors do to the outputs (round_weights.h), with their scales as
/// they are. Runs the model over the samples, once or, for memory, several times, and keeps rows of
/// the nodes' inputs as codes. Nodes that read the same rows share one gram matrix, and a weight
/// that several nodes read is rounded once, by the sum of theirs.
///
/// A node keeps its codes where the new ones are no better on samples that only judge. The result
/// depends on model, samples and options alone, not on the number of jobs.
/// `samples` gives a new feed of the same samples at each call; fewer than four judge nothing.
/// Throws as engine::watch() does.
std::vector<NodeRefinement> refine_weights(const graph::Graph& graph,
                                           const engine::ModelSource& model,
                                           const std::vector<WeightToRefine>& weights,
                                           const targets::Target& target,
                                           const std::function<engine::SampleFeed()>& samples,
                                           const RunControl& run,
                                           const RefinementOptions& options = {});

}  // namespace rangefinder::refine
