#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "observers/calibration_options.h"
#include "observers/observer.h"
#include "quantization/dominance.h"
#include "quantization/range.h"
#include "quantization/tensor_quantization_config.h"

namespace rangefinder::passes {

/// An activation: its name, how it is to be quantized, and what was seen of it.
struct Activation {
  std::string name;
  quantization::TensorQuantizationConfig config = {};
  /// Refers to statistics that outlive the pass; no channels if no data reached the tensor.
  observers::Observations seen = {};
};

/// Sees one raw batch (float32, row-major) of activation number `activation`.
using RawVisitor = std::function<void(size_t activation, const tensor::TensorView& batch)>;
/// Runs the model on all samples once more and calls the visitor with every batch of these
/// activations, one call at a time, sample by sample. What the visitor throws ends it.
using RawPass = std::function<void(std::span<const size_t> activations, const RawVisitor& visitor)>;

/// A parameter (weight, bias, clip bound), looked at only for its state.
struct Parameter {
  std::string name;
  quantization::TensorQuantizationConfig config = {};
};

/// The observer of a config whose scale and offset the target prescribes, e.g. of a gate: nothing
/// calibrates it, not even again.
inline constexpr std::string_view kPrescribed = "fixed";

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
///   are ACTIVATED, unless prescribed, and the PASSIVE roots of aligned groups, whose members
///   follow;
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
  /// Patterns of tensor names (NamePattern) and the method for them; the first that fits counts,
  /// and wins over `method`.
  std::vector<std::pair<std::string, std::string>> method_for = {};
  /// More names that a tensor goes by in `method_for`: those of what was fused into its maker.
  std::map<std::string, std::vector<std::string>> other_names = {};
  /// Roots whose values cannot leave an interval, see passes::known_bounds(): a method that clips
  /// what is rare keeps all that was seen of them [docs/numerics/guard.md].
  std::map<std::string, quantization::Range> known_bounds = {};
  /// Tensors of which few values were seen get wider ranges than `mse` finds for those
  /// [docs/numerics/unseen.md], unless their method was named or their values are bounded.
  bool leaves_room = false;

  /// Calibrates, all or nothing. `dominance` has an entry per activation. Methods that must see raw
  /// batches see them by `raw_pass`, all tensors in as many passes as the most demanding asks for.
  /// Throws std::invalid_argument: unknown methods (lists the known ones), passive parameters that
  /// are already quantized, a method that must see raw batches where there is no `raw_pass`.
  /// A tensor that `method_for` names gets what its method finds; elsewhere known bounds are kept
  /// and kl and percentile guarded by squared error (observers/guard.h), which their figures tell.
  /// Throws Error: tensors that saw no data, all named; a tensor that its method cannot solve.
  std::vector<CalibratedActivation> run(std::span<Activation> activations,
                                        const quantization::Dominance& dominance,
                                        std::span<const Parameter> parameters = {},
                                        const RawPass& raw_pass = {}) const;

  /// The method for this tensor. Throws std::invalid_argument if nothing names one.
  std::string method_of(const std::string& tensor,
                        const quantization::TensorQuantizationConfig& config) const;

 private:
  /// What `method_for` says of the tensor; null: nothing.
  const std::string* named_method(const std::string& tensor) const;
  void check_methods() const;
};

}  // namespace rangefinder::passes
