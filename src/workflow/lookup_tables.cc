#include "workflow/lookup_tables.h"

#include "base/error.h"
#include "base/parallel.h"
#include "engine/packed_model.h"

namespace rangefinder::workflow {

namespace {

/// A table may be the largest thing of a model.
void move_codes_to_file(SolvedPlan& solution) {
  engine::HeldModel holder;
  auto& moved = *holder.model.mutable_graph()->mutable_initializer();
  for (auto& table : solution.tables) moved.Add()->Swap(&table.codes);
  engine::move_weights_to_file(holder);
  for (size_t i = 0; i < solution.tables.size(); ++i) {
    solution.tables[i].codes.Swap(&moved[static_cast<int>(i)]);
  }
  solution.held.insert(solution.held.end(), holder.held.begin(), holder.held.end());
}

}  // namespace

void quantize_tables(const Plan& plan, SolvedPlan& solution) {
  onnx::ModelProto model = plan.prepared.model;
  const graph::Graph graph(model);
  solution.tables.resize(plan.lookup_tables.size());
  try {
    parallel_for(plan.lookup_tables.size(), [&](size_t i) {
      solution.tables[i] = passes::quantize_table(graph, plan.lookup_tables[i]);
    });
  } catch (const Error& error) {
    throw error.within({.file = plan.source.name()});
  }
  move_codes_to_file(solution);
}

std::vector<LookupTableRow> table_rows(const std::vector<passes::QuantizedTable>& tables) {
  std::vector<LookupTableRow> rows;
  for (const auto& table : tables) {
    rows.push_back({.name = table.table.name,
                    .row_count = static_cast<uint64_t>(table.row_count),
                    .column_count = static_cast<uint64_t>(table.column_count),
                    .reason = table.table.obstacle});
    if (table.scale.empty()) continue;  // Nothing was tried.
    rows.back().sqnr_db = table.sqnr_db;
    rows.back().row_sqnr_db = table.row_sqnr_db;
  }
  return rows;
}

}  // namespace rangefinder::workflow
