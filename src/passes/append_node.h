#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "passes/annotate.h"

namespace rangefinder::passes {

/// What a node behind another is called; both are made unique.
struct AppendedNames {
  /// The tensor between the two.
  std::string inner;
  std::string node;
};

/// Puts a node of `type` behind `before`: it makes, of that node's first output and of `others`,
/// what `before` made so far. The tensor between them gets that one's entry in `infos`.
onnx::NodeProto& append_node(graph::Graph& graph, TensorInfos& infos, onnx::NodeProto& before,
                             std::string_view type, const AppendedNames& names,
                             const std::vector<std::string>& others = {});

}  // namespace rangefinder::passes
