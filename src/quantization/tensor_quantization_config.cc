#include "quantization/tensor_quantization_config.h"

#include <cmath>
#include <stdexcept>

namespace rangefinder {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw std::invalid_argument(message); }

std::string interval(int64_t low, int64_t high) {
  return "[" + std::to_string(low) + ", " + std::to_string(high) + "]";
}

// Codes are stored as signed or as unsigned integers of `bits` bits; a grid must fit one of them.
void check_bounds(int bits, int64_t quant_min, int64_t quant_max) {
  const int64_t half = int64_t{1} << (bits - 1);
  const bool fits_signed = quant_min >= -half && quant_max <= half - 1;
  const bool fits_unsigned = quant_min >= 0 && quant_max <= 2 * half - 1;
  if (quant_min >= quant_max) {
    refuse("The quantized range " + interval(quant_min, quant_max) + " needs min < max.");
  }
  if (!fits_signed && !fits_unsigned) {
    refuse("The quantized range " + interval(quant_min, quant_max) + " does not fit " +
           std::to_string(bits) + " bits: allowed is within " + interval(-half, half - 1) + " or " +
           interval(0, 2 * half - 1) + ".");
  }
}

bool needs_parameters(State state) {
  return is_active(state) || state == State::kBaked || state == State::kPassiveBaked;
}

}  // namespace

void QuantizationProperties::check() const {
  if (representation == Representation::kLinear) return;
  if (symmetry == Symmetry::kAsymmetric) {
    refuse("A floating representation has no zero point: it must be symmetric.");
  }
  if (timing == Timing::kDynamic) refuse("A floating representation must be static.");
}

std::string_view name_of(State state) {
  switch (state) {
    case State::kInitial:
      return "INITIAL";
    case State::kActivated:
      return "ACTIVATED";
    case State::kBaked:
      return "BAKED";
    case State::kOverlapped:
      return "OVERLAPPED";
    case State::kPassiveInit:
      return "PASSIVE_INIT";
    case State::kPassive:
      return "PASSIVE";
    case State::kPassiveBaked:
      return "PASSIVE_BAKED";
    case State::kFp32:
      return "FP32";
  }
  return "unknown";
}

bool is_active(State state) { return state == State::kActivated || state == State::kPassive; }

bool is_allowed(State from, State to) {
  if (from == to) return true;
  switch (from) {
    case State::kInitial:
      return to == State::kActivated || to == State::kOverlapped || to == State::kPassiveInit ||
             to == State::kPassive || to == State::kFp32;
    case State::kActivated:  // back to INITIAL: a second calibration overrides the first
      return to == State::kInitial || to == State::kBaked || to == State::kOverlapped ||
             to == State::kPassive || to == State::kFp32;
    case State::kPassiveInit:
      return to == State::kPassive || to == State::kOverlapped || to == State::kFp32;
    case State::kPassive:  // back to INITIAL: an aligned group is calibrated again
      return to == State::kInitial || to == State::kPassiveInit || to == State::kPassiveBaked ||
             to == State::kOverlapped || to == State::kFp32;
    case State::kFp32:
      return to == State::kInitial || to == State::kPassiveInit;
    case State::kBaked:
    case State::kPassiveBaked:
    case State::kOverlapped:
      return false;
  }
  return false;
}

TensorQuantizationConfig TensorQuantizationConfig::linear(Symmetry symmetry, int bits) {
  if (bits < 2 || bits > 32) refuse("Bits must be 2..32, found " + std::to_string(bits) + ".");
  TensorQuantizationConfig config;
  config.properties.symmetry = symmetry;
  config.bits = bits;
  const int64_t half = int64_t{1} << (bits - 1);
  const bool is_signed = symmetry == Symmetry::kSymmetric;
  config.quant_min = is_signed ? -half : 0;
  config.quant_max = is_signed ? half - 1 : 2 * half - 1;
  return config;
}

TensorQuantizationConfig TensorQuantizationConfig::floating(FloatFormat format) {
  TensorQuantizationConfig config;
  config.properties.representation = Representation::kFloating;
  config.float_format = format;
  return config;
}

void TensorQuantizationConfig::check() const {
  properties.check();
  if (bits < 2 || bits > 32) refuse("Bits must be 2..32, found " + std::to_string(bits) + ".");
  if (is_floating() && bits != 8) {
    refuse("A floating representation has 8 bits, found " + std::to_string(bits) + ".");
  }
  if (!is_floating()) check_bounds(bits, quant_min, quant_max);
  if (is_per_channel() && !channel_axis) refuse("Per channel needs a channel axis.");
  if (!is_per_channel() && channel_axis) {
    refuse("A channel axis (" + std::to_string(*channel_axis) + ") needs per channel.");
  }
}

void TensorQuantizationConfig::check_parameters() const {
  if (scale.empty() || scale.size() != offset.size()) {
    refuse("Scale and offset must be set together, found " + std::to_string(scale.size()) +
           " scales and " + std::to_string(offset.size()) + " offsets.");
  }
  if (!is_per_channel() && scale.size() != 1) {
    refuse("A per-tensor config has one scale, found " + std::to_string(scale.size()) + ".");
  }
  for (const float s : scale) {
    if (!std::isfinite(s) || s <= 0) {
      refuse("A scale must be positive and finite, found " + std::to_string(s) + ".");
    }
  }
}

void TensorQuantizationConfig::move_to(State next) {
  if (!is_allowed(state_, next)) {
    refuse("A config cannot go from " + std::string(name_of(state_)) + " to " +
           std::string(name_of(next)) + ".");
  }
  if (needs_parameters(next)) {
    check();
    check_parameters();
  }
  state_ = next;
}

void TensorQuantizationConfig::activate(std::vector<float> new_scale,
                                        std::vector<int32_t> new_offset) {
  TensorQuantizationConfig next = *this;
  next.scale = std::move(new_scale);
  next.offset = std::move(new_offset);
  next.move_to(State::kActivated);
  *this = std::move(next);
}

size_t TensorQuantizationConfig::channel_axis_of(size_t rank) const {
  if (!channel_axis) refuse("The config is not per channel: it has no channel axis.");
  const auto dimensions = static_cast<int64_t>(rank);
  if (*channel_axis < -dimensions || *channel_axis >= dimensions) {
    refuse("Channel axis " + std::to_string(*channel_axis) + " is out of range for " +
           std::to_string(rank) + " dimensions.");
  }
  return static_cast<size_t>(*channel_axis < 0 ? *channel_axis + dimensions : *channel_axis);
}

bool TensorQuantizationConfig::has_same_scheme(const TensorQuantizationConfig& other) const {
  return properties == other.properties && bits == other.bits && quant_min == other.quant_min &&
         quant_max == other.quant_max && rounding == other.rounding &&
         channel_axis == other.channel_axis && float_format == other.float_format;
}

}  // namespace rangefinder
