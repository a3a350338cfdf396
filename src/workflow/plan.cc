#include "workflow/plan.h"

#include <fmt/format.h>

#include "base/error.h"
#include "graph/model_file.h"
#include "statistics/value_histogram.h"

namespace rangefinder::workflow {

std::vector<engine::ObservedTensor> Plan::observed() const {
  std::vector<engine::ObservedTensor> tensors;
  for (const auto& name : annotation.observed()) tensors.push_back({.name = name});
  return tensors;
}

uint64_t Plan::fingerprint() const {
  std::string text = fmt::format("m={};", statistics::ValueHistogram::kMantissaBits);
  for (const auto& tensor : observed()) {
    text += fmt::format("{}:{};", tensor.name, tensor.channel_axis);
  }
  return graph::fingerprint(text);
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
