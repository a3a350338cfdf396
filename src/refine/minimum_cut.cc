#include "refine/minimum_cut.h"

#include <algorithm>
#include <deque>
#include <stdexcept>

// A choice is a cut: the nodes on the source's side compute in integers, those on the sink's in
// float. The arc from the source to a node is cut where the node is float, and has its cost in
// float; that from the node to the sink where it is an integer node. A border is an arc both ways.
// Once no more can flow, the nodes that still reach the sink are the smallest sink's side of all
// cheapest cuts: the fewest float nodes.

namespace rangefinder::refine {
namespace {

class Flow {
 public:
  explicit Flow(const CutProblem& problem)
      : source_(problem.float_costs.size()), sink_(source_ + 1), arcs_of_(source_ + 2) {
    for (size_t i = 0; i < source_; ++i) {
      add(source_, i, problem.float_costs[i], 0);
      add(i, sink_, problem.integer_costs[i], 0);
    }
    for (const CutBorder& border : problem.borders) {
      add(border.first, border.second, border.cost, border.cost);
    }
  }

  void run() {
    while (level_from_source()) {
      next_.assign(arcs_of_.size(), 0);
      while (push() > 0) {
      }
    }
  }

  /// The nodes from which the sink can still be reached.
  std::vector<bool> sink_side() const {
    std::vector<bool> reaches(arcs_of_.size(), false);
    std::deque<size_t> waiting = {sink_};
    reaches[sink_] = true;
    while (!waiting.empty()) {
      const size_t node = waiting.front();
      waiting.pop_front();
      for (const size_t arc : arcs_of_[node]) {
        const size_t from = arcs_[arc].to;
        if (reaches[from] || arcs_[arc ^ 1].room == 0) continue;
        reaches[from] = true;
        waiting.push_back(from);
      }
    }
    reaches.resize(source_);
    return reaches;
  }

 private:
  struct Arc {
    size_t to;
    int64_t room;
  };

  /// An arc and, right behind it, the one the other way.
  void add(size_t from, size_t to, int64_t room, int64_t room_back) {
    arcs_of_[from].push_back(arcs_.size());
    arcs_.push_back({to, room});
    arcs_of_[to].push_back(arcs_.size());
    arcs_.push_back({from, room_back});
  }

  bool level_from_source() {
    level_.assign(arcs_of_.size(), -1);
    level_[source_] = 0;
    std::deque<size_t> waiting = {source_};
    while (!waiting.empty()) {
      const size_t node = waiting.front();
      waiting.pop_front();
      for (const size_t arc : arcs_of_[node]) {
        const size_t to = arcs_[arc].to;
        if (arcs_[arc].room == 0 || level_[to] >= 0) continue;
        level_[to] = level_[node] + 1;
        waiting.push_back(to);
      }
    }
    return level_[sink_] >= 0;
  }

  /// One more path through the levels, and what flows along it; 0 if there is none. Not by
  /// recursion: a path may be as long as the network.
  int64_t push() {
    std::vector<size_t> path;
    for (size_t node = source_; node != sink_;) {
      const auto& arcs = arcs_of_[node];
      size_t& next = next_[node];
      while (next < arcs.size() && !leads_on(node, arcs[next])) ++next;
      if (next < arcs.size()) {
        path.push_back(arcs[next]);
        node = arcs_[arcs[next]].to;
        continue;
      }
      if (path.empty()) return 0;
      node = arcs_[path.back() ^ 1].to;
      path.pop_back();
      ++next_[node];
    }
    int64_t flow = kNeverCut;
    for (const size_t arc : path) flow = std::min(flow, arcs_[arc].room);
    for (const size_t arc : path) {
      arcs_[arc].room -= flow;
      arcs_[arc ^ 1].room += flow;
    }
    return flow;
  }

  bool leads_on(size_t node, size_t arc) const {
    return arcs_[arc].room > 0 && level_[arcs_[arc].to] == level_[node] + 1;
  }

  size_t source_;
  size_t sink_;
  std::vector<std::vector<size_t>> arcs_of_;
  std::vector<Arc> arcs_;
  std::vector<int> level_;
  std::vector<size_t> next_;
};

void require_valid(const CutProblem& problem) {
  const size_t count = problem.float_costs.size();
  if (problem.integer_costs.size() != count) {
    throw std::invalid_argument("a cut needs two costs for each node");
  }
  const auto is_negative = [](int64_t cost) { return cost < 0; };
  if (std::ranges::any_of(problem.float_costs, is_negative) ||
      std::ranges::any_of(problem.integer_costs, is_negative) ||
      std::ranges::any_of(problem.borders, [](const auto& border) { return border.cost < 0; })) {
    throw std::invalid_argument("costs of a cut are not negative");
  }
  for (const CutBorder& border : problem.borders) {
    if (border.first >= count || border.second >= count) {
      throw std::invalid_argument("a border of a cut is between two of its nodes");
    }
  }
}

}  // namespace

std::vector<bool> cheapest_float_nodes(const CutProblem& problem) {
  require_valid(problem);
  Flow flow(problem);
  flow.run();
  return flow.sink_side();
}

int64_t cost_of(const CutProblem& problem, const std::vector<bool>& is_float) {
  int64_t cost = 0;
  for (size_t i = 0; i < is_float.size(); ++i) {
    cost += is_float[i] ? problem.float_costs[i] : problem.integer_costs[i];
  }
  for (const CutBorder& border : problem.borders) {
    if (is_float[border.first] != is_float[border.second]) cost += border.cost;
  }
  return cost;
}

}  // namespace rangefinder::refine
