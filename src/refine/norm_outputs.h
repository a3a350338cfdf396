#pragma once

#include <string>
#include <utility>
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

/// What a normalization gives to matrices: values whose channels, along the last axis, may be
/// scaled if the matrices' rows are scaled the other way.
struct NormOutput {
  /// What the norm gives, and the node that applies its gain.
  std::string output = {};
  std::string norm = {};
  /// What the matrices read: the output itself, or what chains of Reshape and Transpose make of it,
  /// with the same values in each channel.
  std::vector<std::string> tensors = {};
  /// One of those that becomes codes with parameters of its own.
  std::string observed = {};
  std::vector<SmoothedReader> readers = {};
  /// The reads of the output that lead to these matrices alone: node and input.
  std::vector<std::pair<std::string, int>> reads = {};
  /// Node and input of the constants, gain and bias, that take the scales: nobody else sees the
  /// output. None: others read it, too, and a Mul must stand before the matrices.
  std::vector<std::pair<std::string, int>> constants = {};

  bool takes_scales() const { return !constants.empty(); }
};

/// The outputs of LayerNormalization (operator or primitives: a Mul by a row of gains, maybe an Add
/// of a row behind it) and of other norms that a MatMul or Gemm with a constant matrix reads in
/// integers, the matrix its own, in graph order. A tensor that is read through parameters of
/// another one is none of them. Cost: linear in the number of nodes and reads.
std::vector<NormOutput> norm_outputs(graph::Graph& graph, const passes::Annotation& annotation);

}  // namespace rangefinder::refine
