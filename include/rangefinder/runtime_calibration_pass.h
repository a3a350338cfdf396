#pragma once

#include <map>
#include <string>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/method.h"
#include "rangefinder/quantization_plan.h"
#include "rangefinder/run_control.h"
#include "rangefinder/samples.h"
#include "rangefinder/statistics.h"

namespace rangefinder {

/// What a pass did to one tensor.
struct CalibratedTensor {
  std::string name;
  std::string method;
  /// Figures of the method, e.g. the share of rows whose order survives.
  std::map<std::string, double> figures;

  bool operator==(const CalibratedTensor&) const = default;
};

/// Finds scale and offset of a plan's activations: PPQ's RuntimeCalibrationPass(method, override).
///
///     rangefinder::QuantizationPlan plan(model);
///     rangefinder::RuntimeCalibrationPass("percentile").run(plan, samples);
///     rangefinder::RuntimeCalibrationPass("kl", true).run(plan, samples);    // once more, by kl
///
/// - Only roots of dominance in state INITIAL are calibrated; with `override_active` also those
///   that are ACTIVATED, but for what the target prescribes (observer "fixed"), and the PASSIVE
///   roots of aligned groups, whose members follow.
/// - Scale, offset and observer are written, the state becomes ACTIVATED; nothing else changes.
/// - An exception leaves the plan as it was.
/// Source: ppq/quantization/optim/calibration.py; docs/numerics/states.md.
class RANGEFINDER_API RuntimeCalibrationPass {
 public:
  /// An empty method name: every config's own observer.
  explicit RuntimeCalibrationPass(Method method = {.name = {}}, bool override_active = false);
  explicit RuntimeCalibrationPass(std::string method, bool override_active = false);

  const Method& method() const { return method_; }
  bool override_active() const { return override_active_; }

  /// Observes the plan's model on all samples, then calibrates. Returns what was calibrated, in
  /// graph order. Throws as quantize() does; std::invalid_argument if a config without an observer
  /// is met and no method was given.
  std::vector<CalibratedTensor> run(QuantizationPlan& plan, const SampleSource& samples,
                                    const RunControl& control = {}) const;
  /// The same from statistics. Throws Error if they are of another model or lack a tensor,
  /// std::invalid_argument for a method that must see raw batches.
  std::vector<CalibratedTensor> run(QuantizationPlan& plan, const Statistics& statistics,
                                    const RunControl& control = {}) const;

 private:
  Method method_;
  bool override_active_;
};

}  // namespace rangefinder
