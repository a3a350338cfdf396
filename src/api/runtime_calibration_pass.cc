#include "rangefinder/runtime_calibration_pass.h"

#include <utility>

#include "api/plan_state.h"
#include "api/requests.h"
#include "api/samples_state.h"
#include "api/statistics_state.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "observers/registry.h"
#include "workflow/fit_samples.h"
#include "workflow/observe.h"
#include "workflow/solved_plan.h"

namespace rangefinder {
namespace {

passes::RuntimeCalibration pass_of(const RuntimeCalibrationPass& pass,
                                   const QuantizationPlan& plan) {
  auto calibration =
      calibration_of(pass.method(), {.target = std::string(plan.state().plan.target->name)});
  calibration.override_active = pass.override_active();
  return calibration;
}

std::vector<CalibratedTensor> told(std::vector<passes::CalibratedActivation>&& calibrated) {
  std::vector<CalibratedTensor> tensors;
  for (auto& [name, method, figures] : calibrated) {
    tensors.push_back({std::move(name), std::move(method), std::move(figures)});
  }
  return tensors;
}

/// The rows that the configs' own observers want, too.
workflow::RowAxes rows_of(const QuantizationPlan::State& state,
                          const passes::RuntimeCalibration& calibration) {
  workflow::RowAxes rows = workflow::default_rows(state.plan);
  for (size_t i = 0; i < state.planned.tensors.size(); ++i) {
    const std::string& tensor = state.planned.tensors[i];
    if (!state.planned.dominance.is_root(i)) continue;
    const auto& config = state.planned.configs[i];
    const auto observer = observers::registry().create(calibration.method_of(tensor, config),
                                                       config, calibration.options);
    const observers::Needs needs = observer->needs();
    if (needs.row_top > 0) {
      rows[tensor] = workflow::axis_from_back(state.plan, tensor, needs.row_axis);
    }
  }
  return rows;
}

}  // namespace

RuntimeCalibrationPass::RuntimeCalibrationPass(Method method, bool override_active)
    : method_(std::move(method)), override_active_(override_active) {}
RuntimeCalibrationPass::RuntimeCalibrationPass(std::string method, bool override_active)
    : RuntimeCalibrationPass(Method{.name = std::move(method)}, override_active) {}

std::vector<CalibratedTensor> RuntimeCalibrationPass::run(QuantizationPlan& plan,
                                                          const SampleSource& samples,
                                                          const RunControl& control) const {
  const Cancellation heeded(control.cancelled);
  // Names, not bindings: Clang 14 lets no lambda capture those.
  workflow::Plan& layers_plan = plan.state().plan;
  workflow::PlannedConfigs& planned = plan.state().planned;
  const auto calibration = pass_of(*this, plan);
  const auto all =
      workflow::all_samples(workflow::fit_samples(samples.state().input, layers_plan.source));
  const auto statistics = workflow::observe(
      layers_plan, *all, layers_plan.observed(rows_of(plan.state(), calibration)), control);
  if (statistics.sample_count() == 0) {
    throw Error("there are no samples; calibration needs at least one");
  }
  const auto show_raw = [&](const auto& tensors, const passes::RawVisitor& visitor) {
    workflow::show_raw(layers_plan, *all, tensors, visitor, control);
  };
  return told(workflow::calibrate(layers_plan, planned, statistics, calibration, show_raw));
}

std::vector<CalibratedTensor> RuntimeCalibrationPass::run(QuantizationPlan& plan,
                                                          const Statistics& statistics,
                                                          const RunControl& control) const {
  const Cancellation heeded(control.cancelled);
  auto& [layers_plan, planned] = plan.state();
  workflow::require_match(layers_plan, statistics.state().content,
                          statistics.state().file.string());
  return told(
      workflow::calibrate(layers_plan, planned, statistics.state().content, pass_of(*this, plan)));
}

}  // namespace rangefinder
