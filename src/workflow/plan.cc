#include "workflow/plan.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <stdexcept>

#include "base/error.h"
#include "graph/model_file.h"
#include "observers/registry.h"
#include "statistics/value_histogram.h"

namespace rangefinder::workflow {

std::vector<engine::ObservedTensor> Plan::observed(const RowAxes& rows) const {
  std::vector<engine::ObservedTensor> tensors;
  for (const auto& name : annotation.observed()) {
    tensors.push_back({.name = name});
    const auto axis = rows.find(name);
    if (axis != rows.end()) tensors.back().row_axis = axis->second;
  }
  return tensors;
}

uint64_t Plan::fingerprint() const {
  std::string text = fmt::format("m={};", statistics::ValueHistogram::kMantissaBits);
  for (const auto& tensor : observed()) {
    text += fmt::format("{}:{};", tensor.name, tensor.channel_axis);
  }
  return graph::fingerprint(text);
}

RowAxes default_rows(const Plan& plan) {
  RowAxes rows;
  for (const auto& name : plan.annotation.observed()) {
    const auto info = plan.prepared.infos.find(name);
    if (info == plan.prepared.infos.end() || !info->second.shape) continue;
    if (info->second.shape->size() == 2) rows[name] = -1;
  }
  return rows;
}

RowAxes rows_of(const Plan& plan, const std::vector<std::string>& patterns, int64_t axis) {
  RowAxes rows = default_rows(plan);
  for (const std::string& pattern : patterns) {
    bool fits = false;
    for (const auto& name : plan.annotation.observed()) {
      if (::fnmatch(pattern.c_str(), name.c_str(), 0) != 0) continue;
      rows[name] = axis;
      fits = true;
    }
    if (!fits) {
      throw std::invalid_argument(fmt::format("no observed tensor fits '{}'", pattern));
    }
  }
  return rows;
}

RowAxes rows_of(const Plan& plan, const passes::RuntimeCalibration& calibration) {
  RowAxes rows = default_rows(plan);
  const auto& config = plan.target->activation;
  for (const auto& name : plan.annotation.observed()) {
    const auto observer = observers::registry().create(calibration.method_of(name, config), config,
                                                       calibration.options);
    const observers::Needs needs = observer->needs();
    if (needs.row_top > 0) rows[name] = needs.row_axis;
  }
  return rows;
}

Plan make_plan(const std::filesystem::path& model, const targets::Target& target) {
  Plan plan{model, &target, passes::prepare(model), {}};
  graph::Graph graph(plan.prepared.model);
  plan.annotation = passes::annotate(graph, plan.prepared.infos, target);
  if (plan.annotation.weighted.empty()) {
    std::string why = "it has no Conv, Gemm or MatMul in its main graph";
    if (!plan.annotation.left_float.empty()) {
      const auto& first = plan.annotation.left_float.front();
      why = fmt::format("{} '{}' {}", first.op_type, first.name, first.reason);
    }
    throw Error("nothing in this model can be quantized: " + why, {.file = model.string()});
  }
  return plan;
}

}  // namespace rangefinder::workflow
