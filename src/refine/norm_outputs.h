#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"

namespace rangefinder::refine {

/// A node that multiplies a smoothed tensor by a constant matrix.
struct SmoothedReader {
  std::string node;
  /// It computes in integers.
  bool is_integer = true;
};

/// What a normalization gives, as the matrices behind it read it: a tensor whose channels, along
/// its last axis, may be scaled if the matrices' rows are scaled the other way.
struct NormOutput {
  /// What the matrices read: the norm's output, or what a chain of Reshape and Transpose makes of
  /// it.
  std::string tensor = {};
  /// The node that applies the norm's gain.
  std::string norm = {};
  std::vector<SmoothedReader> readers = {};
  /// Node and input of the constants, gain and bias, that take the scales: nobody else sees the
  /// tensor. None: others read it, too, and a Mul must stand before the matrices.
  std::vector<std::pair<std::string, int>> constants = {};

  bool takes_scales() const { return !constants.empty(); }
};

/// The outputs of LayerNormalization (operator or primitives: a Mul by a row of gains, maybe an Add
/// of a row behind it) and of other norms that a MatMul or Gemm with a constant matrix reads in
/// integers, in graph order. A tensor that is read through parameters of another one is none of
/// them.
/// Cost: linear in the number of nodes and reads.
std::vector<NormOutput> norm_outputs(graph::Graph& graph, const passes::Annotation& annotation);

}  // namespace rangefinder::refine
