#include "graph/names.h"

#include <fmt/format.h>

#include <functional>
#include <set>

#include "graph/attributes.h"

namespace rangefinder::graph {
namespace {

void visit_names(const onnx::GraphProto& graph,
                 const std::function<void(const std::string&)>& visit) {
  for (const auto& value : graph.input()) visit(value.name());
  for (const auto& value : graph.output()) visit(value.name());
  for (const auto& value : graph.value_info()) visit(value.name());
  for (const auto& value : graph.initializer()) visit(value.name());
  for (const auto& node : graph.node()) {
    visit(node.name());
    for (const auto& output : node.output()) visit(output);
    for_each_subgraph(node, [&](const onnx::GraphProto& body) { visit_names(body, visit); });
  }
}

}  // namespace

void Names::add_all(const onnx::GraphProto& graph) {
  visit_names(graph, [this](const std::string& name) { add(name); });
}

std::string Names::take(const std::string& wanted) {
  if (taken_.insert(wanted).second) return wanted;
  uint64_t& number = last_number_[wanted];
  while (true) {
    std::string name = fmt::format("{}_{}", wanted, ++number);
    if (taken_.insert(name).second) return name;
  }
}

std::string unused_prefix(const onnx::GraphProto& graph, std::string_view wanted) {
  std::set<std::string, std::less<>> names;
  visit_names(graph, [&](const std::string& name) { names.insert(name); });
  std::string prefix(wanted);
  const auto taken = [&] {
    const auto next = names.lower_bound(prefix);
    return next != names.end() && next->starts_with(prefix);
  };
  for (int i = 1; taken(); ++i) prefix = fmt::format("{}{}.", wanted, i);
  return prefix;
}

}  // namespace rangefinder::graph
