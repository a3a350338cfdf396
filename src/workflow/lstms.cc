#include "workflow/lstms.h"

#include "base/error.h"
#include "base/parallel.h"

namespace rangefinder::workflow {

void quantize_lstms(const Plan& plan, SolvedPlan& solution) {
  onnx::ModelProto model = plan.prepared.model;
  graph::Graph graph(model);
  std::vector<const onnx::NodeProto*> nodes;
  const auto names = passes::find_lstms(graph);
  for (const auto& node : model.graph().node()) {
    if (nodes.size() < names.size() && node.name() == names[nodes.size()]) nodes.push_back(&node);
  }
  solution.lstms.resize(nodes.size());
  try {
    parallel_for(nodes.size(), [&](size_t i) {
      solution.lstms[i] = passes::quantize_lstm(graph, *nodes[i], *plan.target, plan.excluded);
    });
  } catch (const Error& error) {
    throw error.within({.file = plan.source.name()});
  }
}

std::vector<LstmRow> lstm_rows(const std::vector<passes::QuantizedLstm>& lstms) {
  std::vector<LstmRow> rows;
  for (const auto& lstm : lstms) {
    rows.push_back({.name = lstm.node, .reason = lstm.obstacle});
    if (!lstm.input.scale.empty()) rows.back().sqnr_db = lstm.sqnr_db;
  }
  return rows;
}

}  // namespace rangefinder::workflow
