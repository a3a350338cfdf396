#include "passes/neutral_attributes.h"

#include <algorithm>

#include "graph/attributes.h"

namespace rangefinder::passes {

void drop_neutral_attributes(onnx::ModelProto& model) {
  for (auto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "AveragePool" || !node.domain().empty()) continue;
    const auto dilations = graph::ints_attribute(node, "dilations");
    const bool is_neutral =
        std::all_of(dilations.begin(), dilations.end(), [](int64_t d) { return d == 1; });
    if (is_neutral) graph::remove_attribute(node, "dilations");
  }
}

}  // namespace rangefinder::passes
