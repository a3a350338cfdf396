#pragma once

#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"
#include "targets/target.h"

namespace rangefinder::passes {

/// What of an annotated model is on the wider codes of its target (targets::wider_target()); all
/// else is on the target's own.
struct WideCodes {
  /// Nodes that compute on them, and tensors of the annotation that hold them.
  std::unordered_set<std::string> nodes = {};
  std::unordered_set<std::string> tensors = {};
  /// Reads by a node of the other width, for which the tensor is converted: of QuantizedTensor
  /// reads, by the tensor's name.
  std::map<std::string, std::vector<std::pair<std::string, int>>> converted_reads = {};
};

/// Has these nodes compute on wider codes. Nodes that read no codes, names of none, movers and
/// bounds change nothing.
///
/// What a node reads and makes has one width. A tensor has that of the node that makes it; one that
/// float nodes make, or an input of the model, the wider one if any of its readers wants that.
/// Movers, and bounds that are no part of their maker, have the width of what they read.
/// For targets of placement kAround. Cost: linear in nodes and reads.
WideCodes widen_codes(graph::Graph& graph, const targets::Target& target,
                      const Annotation& annotation, const std::unordered_set<std::string>& nodes);

}  // namespace rangefinder::passes
