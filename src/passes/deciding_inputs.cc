#include "passes/deciding_inputs.h"

#include <unordered_map>
#include <unordered_set>

namespace rangefinder::passes {

std::vector<std::string> deciding_inputs(const onnx::GraphProto& graph,
                                         const onnx::NodeProto& branch) {
  std::unordered_map<std::string, const onnx::NodeProto*> makers;
  for (const auto& node : graph.node()) {
    for (const auto& output : node.output()) makers[output] = &node;
  }
  std::unordered_set<std::string> reached;
  std::vector<std::string> next = {branch.input(0)};
  while (!next.empty()) {
    const std::string tensor = std::move(next.back());
    next.pop_back();
    if (!reached.insert(tensor).second) continue;
    const auto maker = makers.find(tensor);
    if (maker == makers.end()) continue;
    const auto& inputs = maker->second->input();
    next.insert(next.end(), inputs.begin(), inputs.end());
  }
  std::vector<std::string> inputs;
  for (const auto& input : graph.input()) {
    if (reached.contains(input.name())) inputs.push_back(input.name());
  }
  return inputs;
}

}  // namespace rangefinder::passes
