#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/rounding.h"

namespace rangefinder {

enum class Granularity { kPerTensor, kPerChannel };
enum class Representation { kLinear, kFloating };
enum class Symmetry { kSymmetric, kAsymmetric };
enum class ScaleRule { kAny, kPowerOf2 };
enum class Timing { kStatic, kDynamic };
/// Which 8-bit floating codes a floating representation uses.
enum class FloatFormat { kE4M3, kE5M2 };

/// What kind of quantization a tensor gets, before any number is known.
///
/// The reference's policy bitmap (PPQ, core/quant.py) as named fields. Valid are: linear with every
/// combination of the other four; floating only symmetric and static, with either scale rule.
struct RANGEFINDER_API QuantizationProperties {
  Granularity granularity = Granularity::kPerTensor;
  Representation representation = Representation::kLinear;
  Symmetry symmetry = Symmetry::kSymmetric;
  ScaleRule scale_rule = ScaleRule::kAny;
  Timing timing = Timing::kStatic;

  /// Throws std::invalid_argument naming the contradiction.
  void check() const;
  bool operator==(const QuantizationProperties&) const = default;
};

/// Where a tensor's quantization stands. docs/numerics/states.md draws the transitions.
enum class State {
  kInitial,       ///< waits for an observer
  kActivated,     ///< own scale and offset in force
  kBaked,         ///< a parameter that already holds its restored values
  kOverlapped,    ///< another config (its dominator) already quantizes this tensor
  kPassiveInit,   ///< gets its scale from elsewhere (bias, clip bound, pad value), not yet known
  kPassive,       ///< in force with a scale from elsewhere
  kPassiveBaked,  ///< a passive parameter that already holds its restored values
  kFp32,          ///< never quantized
};

/// "INITIAL", "ACTIVATED", ...
RANGEFINDER_API std::string_view name_of(State state);
/// True if a tensor in this state is quantized when the model runs: ACTIVATED or PASSIVE.
RANGEFINDER_API bool is_active(State state);
/// True if the step is one that a pass may take. Staying is always allowed.
RANGEFINDER_API bool is_allowed(State from, State to);

/// How one tensor is quantized: properties, grid, parameters and state.
///
/// A regular value. The fields may be set freely while a config is built; check() and every
/// change of state verify them together.
struct RANGEFINDER_API TensorQuantizationConfig {
  QuantizationProperties properties = {};
  /// 2..32; floating: 8.
  int bits = 8;
  /// Smallest and largest code, both included. Floating: ignored, the format has its own.
  int64_t quant_min = -128;
  int64_t quant_max = 127;
  Rounding rounding = Rounding::kHalfEven;
  /// Set if and only if per channel; the axis of the tensor that has one scale per index. May be
  /// negative, counting from the back.
  std::optional<int64_t> channel_axis = {};
  FloatFormat float_format = FloatFormat::kE4M3;

  /// real = (code - offset) * scale. One entry per tensor, else one per channel; empty while
  /// unknown.
  std::vector<float> scale = {};
  std::vector<int32_t> offset = {};
  /// The calibration method's name; empty: the pass's default.
  std::string observer = {};
  /// Numbers that single methods want, e.g. "percentile"; override the pass's options.
  std::map<std::string, double> detail = {};

  /// Linear with the widest grid of `bits`: signed for symmetric, unsigned for asymmetric.
  /// Throws std::invalid_argument unless 2 <= bits <= 32.
  static TensorQuantizationConfig linear(Symmetry symmetry, int bits = 8);
  /// FP8, symmetric, one scale.
  static TensorQuantizationConfig floating(FloatFormat format);

  State state() const { return state_; }
  /// Changes the state. Throws std::invalid_argument if the step is not allowed, and, for states
  /// that need parameters (ACTIVATED, BAKED, PASSIVE, PASSIVE_BAKED), if scale or offset are
  /// missing, differ in length, or hold something other than positive finite scales.
  void move_to(State next);

  /// Writes scale and offset and becomes ACTIVATED. Throws as move_to() does.
  void activate(std::vector<float> new_scale, std::vector<int32_t> new_offset);

  bool is_per_channel() const { return properties.granularity == Granularity::kPerChannel; }
  bool is_symmetric() const { return properties.symmetry == Symmetry::kSymmetric; }
  bool is_floating() const { return properties.representation == Representation::kFloating; }
  bool is_power_of_2() const { return properties.scale_rule == ScaleRule::kPowerOf2; }
  /// Codes of the grid: quant_max - quant_min + 1.
  uint64_t level_count() const { return static_cast<uint64_t>(quant_max - quant_min) + 1; }

  /// Throws std::invalid_argument naming the first contradiction: properties, bits, bounds beyond
  /// the bits, channel axis without channels or the other way round.
  void check() const;
  /// The channel axis of a tensor with `rank` dimensions, 0 <= axis < rank. Throws
  /// std::invalid_argument if it is out of range or the config is not per channel.
  size_t channel_axis_of(size_t rank) const;
  /// Same properties, bits, bounds, rounding and axis; parameters, state and observer aside.
  bool has_same_scheme(const TensorQuantizationConfig& other) const;

  bool operator==(const TensorQuantizationConfig&) const = default;

 private:
  void check_parameters() const;

  State state_ = State::kInitial;
};

}  // namespace rangefinder
