#include "passes/append_node.h"

namespace rangefinder::passes {

onnx::NodeProto& append_node(graph::Graph& graph, TensorInfos& infos, onnx::NodeProto& before,
                             std::string_view type, const AppendedNames& names,
                             const std::vector<std::string>& others) {
  const std::string output = before.output(0);
  const std::string inner = graph.fresh_name(names.inner);
  infos[inner] = infos[output];
  graph.rename_output(before, 0, inner);
  std::vector<std::string> inputs = {inner};
  inputs.insert(inputs.end(), others.begin(), others.end());
  return graph.add_node(type, graph.fresh_name(names.node), inputs, {output});
}

}  // namespace rangefinder::passes
