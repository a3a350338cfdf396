#include "passes/neutral_attributes.h"

#include "graph/attributes.h"

namespace rangefinder::passes {

void drop_neutral_attributes(onnx::ModelProto& model) {
  for (auto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "AveragePool" || !node.domain().empty()) continue;
    if (graph::ints_are(node, "dilations", 1)) graph::remove_attribute(node, "dilations");
  }
}

}  // namespace rangefinder::passes
