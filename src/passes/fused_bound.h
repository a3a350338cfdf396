#pragma once

#include <optional>
#include <string>

#include "graph/graph.h"
#include "targets/target.h"

namespace rangefinder::passes {

/// A Relu, or a Clip from 0, whose work codes do that start at 0 and end at `upper`.
struct FusedBound {
  /// What it makes.
  std::string output;
  std::optional<float> upper = {};
};

/// The value of a constant of one float; empty for any other tensor.
std::optional<float> scalar_constant(const graph::Graph& graph, const std::string& name);

/// The bound that alone reads `tensor`; empty if there is none, or it does anything else.
std::optional<FusedBound> fused_bound(const graph::Graph& graph, const targets::Target& target,
                                      const std::string& tensor);

}  // namespace rangefinder::passes
