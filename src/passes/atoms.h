#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"
#include "targets/target.h"

namespace rangefinder::passes {

/// The smallest part of a network that is left float or not: a weighted node with the arithmetic on
/// codes that follows it (Add, Mul, Concat, pools, gates) and the bounds fused into these.
///
/// Movers belong to no atom: they take codes or real values, as what lies around them has it.
struct Atom {
  /// The weighted node.
  std::string node;
  std::string op_type;
  /// All nodes that compute on codes, in graph order, the weighted one among them.
  std::vector<std::string> nodes;
  /// Relu and Clip nodes behind them.
  std::vector<std::string> bounds;
};

/// The atoms of an annotated graph, in graph order. Arithmetic between several of them belongs to
/// the last, what comes before any weighted node to the first.
/// Cost: linear in nodes and reads.
std::vector<Atom> find_atoms(graph::Graph& graph, const Annotation& annotation,
                             const targets::Target& target);

/// Which atom each node belongs to, bounds included.
std::unordered_map<std::string, size_t> atom_of_nodes(const std::vector<Atom>& atoms);

}  // namespace rangefinder::passes
