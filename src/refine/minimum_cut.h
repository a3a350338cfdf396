#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rangefinder::refine {

/// Two neighbours that cost something when they are not treated alike.
struct CutBorder {
  size_t first = 0;
  size_t second = 0;
  int64_t cost = 0;
};

/// Each node is either in float or in integers; what a choice costs is the sum over its nodes and
/// over the borders it makes. Costs are whole numbers of any unit, none negative.
struct CutProblem {
  std::vector<int64_t> float_costs = {};
  std::vector<int64_t> integer_costs = {};
  std::vector<CutBorder> borders = {};
};

/// More than any choice costs: of a node that has no choice.
inline constexpr int64_t kNeverCut = int64_t{1} << 50;

/// True for each node that is float in the cheapest choice; of several equal ones the choice with
/// the fewest float nodes.
///
/// Minimum cut between a source, integers, and a sink, float: Ford and Fulkerson 1956, found by
/// Dinic's algorithm (1970). Exact. Cost: O(V^2 E) at worst, about linear on chains as networks
/// are. Throws std::invalid_argument on costs that are negative, of other lengths, or name no node.
std::vector<bool> cheapest_float_nodes(const CutProblem& problem);

/// What a choice costs.
int64_t cost_of(const CutProblem& problem, const std::vector<bool>& is_float);

}  // namespace rangefinder::refine
