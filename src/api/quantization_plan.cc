#include "rangefinder/quantization_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "api/model_state.h"
#include "api/plan_state.h"
#include "api/requests.h"
#include "engine/packed_model.h"
#include "workflow/solved_plan.h"

namespace rangefinder {
namespace {

size_t index_of(const workflow::PlannedConfigs& planned, std::string_view tensor) {
  const auto found = std::ranges::find(planned.tensors, tensor);
  if (found == planned.tensors.end()) {
    throw std::invalid_argument(fmt::format("tensor '{}' does not become codes", tensor));
  }
  return static_cast<size_t>(found - planned.tensors.begin());
}

std::unique_ptr<QuantizationPlan::State> make_state(const Model& model,
                                                    const PlanOptions& options) {
  workflow::Plan plan = workflow::make_plan(model.state().source, plan_options(options));
  workflow::PlannedConfigs planned = workflow::plan_configs(plan);
  return std::make_unique<QuantizationPlan::State>(
      QuantizationPlan::State{std::move(plan), std::move(planned)});
}

}  // namespace

QuantizationPlan::QuantizationPlan(const Model& model, const PlanOptions& options)
    : state_(make_state(model, options)) {}
QuantizationPlan::QuantizationPlan(QuantizationPlan&&) noexcept = default;
QuantizationPlan& QuantizationPlan::operator=(QuantizationPlan&&) noexcept = default;
QuantizationPlan::~QuantizationPlan() = default;

std::span<const std::string> QuantizationPlan::tensors() const { return state_->planned.tensors; }
std::span<TensorQuantizationConfig> QuantizationPlan::configs() { return state_->planned.configs; }
std::span<const TensorQuantizationConfig> QuantizationPlan::configs() const {
  return state_->planned.configs;
}

TensorQuantizationConfig& QuantizationPlan::config(std::string_view tensor) {
  return state_->planned.configs[index_of(state_->planned, tensor)];
}
const TensorQuantizationConfig& QuantizationPlan::config(std::string_view tensor) const {
  return state_->planned.configs[index_of(state_->planned, tensor)];
}

const Dominance& QuantizationPlan::dominance() const { return state_->planned.dominance; }

Model export_model(const QuantizationPlan& plan) {
  const auto& [layers_plan, planned] = plan.state();
  const auto solution = workflow::complete(layers_plan, planned, {});
  return model_of(engine::pack_whole_model(workflow::export_model(layers_plan, solution), ""));
}

}  // namespace rangefinder
