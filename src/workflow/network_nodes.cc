#include "workflow/network_nodes.h"

#include <string>
#include <unordered_map>
#include <unordered_set>

namespace rangefinder::workflow {
namespace {

template <class Names>
std::vector<std::string> quantized_of(const Plan& plan, const Names& names) {
  std::vector<std::string> found;
  for (const auto& name : names) {
    if (plan.annotation.find(name) != nullptr) found.push_back(name);
  }
  return found;
}

}  // namespace

std::vector<report::FloatNodeRow> float_rows(const std::vector<passes::FloatNode>& nodes) {
  std::vector<report::FloatNodeRow> rows;
  for (const auto& node : nodes) rows.push_back({node.name, node.op_type, node.reason});
  return rows;
}

std::vector<report::NodeRow> network_nodes(const Plan& plan,
                                           const std::vector<report::FloatNodeRow>& float_nodes) {
  std::unordered_map<std::string, const report::FloatNodeRow*> in_float;
  for (const auto& node : float_nodes) in_float[node.name] = &node;
  std::unordered_set<std::string> weighted;
  for (const auto& node : plan.annotation.weighted) weighted.insert(node.name);
  std::vector<report::NodeRow> rows;
  for (const auto& node : plan.prepared.model.graph().node()) {
    report::NodeRow row{.name = node.name(), .op_type = node.op_type(), .kernel = "other"};
    row.inputs = quantized_of(plan, node.input());
    row.outputs = quantized_of(plan, node.output());
    if (const auto found = in_float.find(node.name()); found != in_float.end()) {
      row.kernel = "float";
      row.reason = found->second->reason;
    } else if (weighted.contains(node.name())) {
      row.kernel = "integer";
    } else if (row.inputs.empty() && row.outputs.empty()) {
      continue;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace rangefinder::workflow
