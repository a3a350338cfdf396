#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"
#include "passes/atoms.h"
#include "refine/minimum_cut.h"

namespace rangefinder::refine {

/// What may compute in integers or in float by itself: an atom, or a single mover of codes.
struct TimedPart {
  std::vector<std::string> nodes;
  /// Relu and Clip nodes that go with them.
  std::vector<std::string> bounds;
  /// What its kernels take.
  double float_seconds = 0;
  double integer_seconds = 0;
};

/// The atoms, in their order, then the movers whose outputs are codes, without times.
std::vector<TimedPart> timed_parts(graph::Graph& graph, const passes::Annotation& annotation,
                                   const targets::Target& target,
                                   const std::vector<passes::Atom>& atoms);

/// Elements of tensors in one sample.
using ElementCounts = std::unordered_map<std::string, uint64_t>;

/// True for each part that is float in the choice that takes least time: the parts' own, and
/// `border_seconds` for each element of a tensor of codes that one part makes or reads in integers
/// and another in float. What is no part, inputs and outputs of the model are float.
/// `must_be_float` parts are, too. Exact for these costs (minimum_cut.h).
std::vector<bool> cut_by_time(graph::Graph& graph, const passes::Annotation& annotation,
                              std::span<const TimedPart> parts, const ElementCounts& elements,
                              double border_seconds, const std::vector<bool>& must_be_float);

}  // namespace rangefinder::refine
