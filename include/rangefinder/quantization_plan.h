#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/dominance.h"
#include "rangefinder/export.h"
#include "rangefinder/model.h"
#include "rangefinder/quantize.h"
#include "rangefinder/tensor_quantization_config.h"

namespace rangefinder {

/// What of a model becomes codes, and how: a TensorQuantizationConfig for each activation, and
/// which config rules which. Made before any data; calibration passes fill in scale and offset.
///
///     rangefinder::QuantizationPlan plan(rangefinder::Model::load("model.onnx"));
///     plan.config("logits").observer = "isotone";
///     rangefinder::RuntimeCalibrationPass().run(plan, samples);
///     rangefinder::Model int8 = rangefinder::export_model(plan);
class RANGEFINDER_API QuantizationPlan {
 public:
  /// Throws Error and std::invalid_argument as quantize() does.
  explicit QuantizationPlan(const Model& model, const PlanOptions& options = {});
  QuantizationPlan(QuantizationPlan&&) noexcept;
  QuantizationPlan& operator=(QuantizationPlan&&) noexcept;
  ~QuantizationPlan();

  /// Names of the activations that become codes, in graph order.
  std::span<const std::string> tensors() const;
  /// The config of each, in that order. Change observer and detail freely, states by move_to() and
  /// activate(); the grid is the target's: export_model() refuses another.
  std::span<TensorQuantizationConfig> configs();
  std::span<const TensorQuantizationConfig> configs() const;
  /// The config of one tensor. Throws std::invalid_argument naming a tensor that is not there.
  TensorQuantizationConfig& config(std::string_view tensor);
  const TensorQuantizationConfig& config(std::string_view tensor) const;
  /// Which config rules which: what a data mover makes is ruled by what it read.
  const Dominance& dominance() const;

  struct State;
  State& state() { return *state_; }
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// The int8 model of a plan whose configs are all in force; biases are not corrected
/// (Effort::kFast). Throws std::invalid_argument naming a tensor without parameters, or with a grid
/// that the target does not write.
RANGEFINDER_API Model export_model(const QuantizationPlan& plan);

}  // namespace rangefinder
