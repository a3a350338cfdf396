#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "observers/calibration_options.h"
#include "observers/run.h"
#include "quantization/dominance.h"
#include "quantization/tensor_quantization_config.h"

namespace rangefinder::passes {

/// An activation: its name, how it is to be quantized, and what was seen of it.
struct Activation {
  std::string name;
  quantization::TensorQuantizationConfig config = {};
  /// Refers to statistics that outlive the pass; no channels if no data reached the tensor.
  observers::Observations seen = {};
  /// Its raw batches, for methods that must see them; may be missing otherwise.
  observers::BatchSource batches = {};
};

/// A parameter (weight, bias, clip bound), looked at only for its state.
struct Parameter {
  std::string name;
  quantization::TensorQuantizationConfig config = {};
};

/// What the pass did to one activation.
struct CalibratedActivation {
  std::string name;
  std::string method;
  /// Figures of the method, e.g. the share of rows whose order survives.
  std::map<std::string, double> figures;

  bool operator==(const CalibratedActivation&) const = default;
};

/// Finds scale and offset of activations: PPQ's RuntimeCalibrationPass(method, override), with its
/// promises kept [docs/numerics/states.md]:
/// - only roots of dominance in state INITIAL are calibrated; with override_active also those that
///   are ACTIVATED and the PASSIVE roots of aligned groups, whose members follow;
/// - an aligned group is calibrated on what all its members saw together;
/// - scale, offset and observer are written, the state becomes ACTIVATED; nothing else changes;
/// - it runs before the passive parameters are quantized, because those take the activations'
///   scales.
class RuntimeCalibration {
 public:
  /// Empty: every config's own observer.
  std::string method = {};
  /// Calibrate again what is in force already.
  bool override_active = false;
  observers::CalibrationOptions options = {};
  /// Tensor name patterns (* ? [...]) and the method for them; the first that fits counts, and wins
  /// over `method`.
  std::vector<std::pair<std::string, std::string>> method_for = {};

  /// Calibrates, all or nothing. `dominance` has an entry per activation.
  /// Throws std::invalid_argument: unknown methods (lists the known ones), passive parameters that
  /// are already quantized, a method that must see raw batches where there are none.
  /// Throws Error: tensors that saw no data, all named; a tensor that its method cannot solve.
  std::vector<CalibratedActivation> run(std::span<Activation> activations,
                                        const quantization::Dominance& dominance,
                                        std::span<const Parameter> parameters = {}) const;

 private:
  std::string method_of(const Activation& activation) const;
  void check_methods() const;
};

}  // namespace rangefinder::passes
