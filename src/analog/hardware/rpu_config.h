#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rangefinder::analog {

/// Noise on the weights of robustness studies; calibration and the plain forward pass have none.
enum class WeightNoise { kNone, kAddNormal, kAddNormalPerChannel };

/// Programming resolution of the weights: one scale per tile, or one per output of a tile.
enum class WeightQuantization { kNone, kDiscretize, kDiscretizePerChannel };

/// Clipping of the weights before they are programmed.
enum class WeightClip { kNone, kLayerGaussian, kLayerGaussianPerChannel, kLearnablePerChannel };

/// Converters around one tile. A resolution above 1 is a number of levels minus one (254 gives the
/// codes -127..127), in (0, 1] a step relative to the full width, 0 or -1 means no quantization.
struct ForwardParameters {
  /// DAC: resolution of the inputs, over the width 2 * input range.
  double inp_res = -1.0;
  /// Output noise of robustness studies, relative to input range times largest weight.
  double out_noise = 0.0;
  bool out_noise_per_channel = false;
  /// ADC: saturates at out_bound * input range * largest weight; 0 means no ADC.
  double out_bound = 0.0;
  /// ADC: resolution of the outputs; needs an out_bound.
  double out_res = -1.0;

  bool operator==(const ForwardParameters&) const = default;
};

/// How inputs are clipped before the DAC.
struct InputRangeParameters {
  bool enable = false;
  /// The range of every row is its own largest magnitude; nothing is calibrated or clipped.
  bool dynamic = false;
  /// Range before any calibration.
  double init_value = 3.0;
  /// Standard deviations that MOVING_STD takes for the range.
  double init_std_alpha = 3.0;

  bool operator==(const InputRangeParameters&) const = default;
};

struct PrePostParameters {
  InputRangeParameters input_range;

  bool operator==(const PrePostParameters&) const = default;
};

struct MappingParameters {
  /// Most inputs (rows) of one tile; larger layers are cut into balanced slices. 0 or -1: no limit.
  int64_t max_input_size = -1;

  bool operator==(const MappingParameters&) const = default;
};

struct WeightModifierParameters {
  WeightNoise noise_type = WeightNoise::kNone;
  /// Deviation of the weight noise, relative to the largest weight.
  double std_dev = 0.0;
  WeightQuantization quantization_type = WeightQuantization::kNone;
  /// Levels minus one, or its reciprocal. Required by a quantization_type.
  double res = 0.0;

  bool operator==(const WeightModifierParameters&) const = default;
};

struct WeightClipParameters {
  WeightClip type = WeightClip::kNone;
  /// Standard deviations that the Gaussian clips keep.
  double sigma = -1.0;

  bool operator==(const WeightClipParameters&) const = default;
};

/// The analog hardware of one layer: what matters at inference of AIHWKIT-Lightning's
/// TorchInferenceRPUConfig, with its names and defaults.
struct RpuConfig {
  ForwardParameters forward;
  PrePostParameters pre_post;
  MappingParameters mapping;
  WeightModifierParameters modifier;
  WeightClipParameters clip;

  bool operator==(const RpuConfig&) const = default;
};

/// Calls visit(path, field) for every field: the one list that reading, writing and printing are
/// made from. `Config` is RpuConfig, const or not.
template <typename Config, typename Visitor>
void visit_fields(Config& config, Visitor&& visit) {
  visit("forward.inp_res", config.forward.inp_res);
  visit("forward.out_noise", config.forward.out_noise);
  visit("forward.out_noise_per_channel", config.forward.out_noise_per_channel);
  visit("forward.out_bound", config.forward.out_bound);
  visit("forward.out_res", config.forward.out_res);
  visit("pre_post.input_range.enable", config.pre_post.input_range.enable);
  visit("pre_post.input_range.dynamic", config.pre_post.input_range.dynamic);
  visit("pre_post.input_range.init_value", config.pre_post.input_range.init_value);
  visit("pre_post.input_range.init_std_alpha", config.pre_post.input_range.init_std_alpha);
  visit("mapping.max_input_size", config.mapping.max_input_size);
  visit("modifier.noise_type", config.modifier.noise_type);
  visit("modifier.std_dev", config.modifier.std_dev);
  visit("modifier.quantization_type", config.modifier.quantization_type);
  visit("modifier.res", config.modifier.res);
  visit("clip.type", config.clip.type);
  visit("clip.sigma", config.clip.sigma);
}

/// Throws std::invalid_argument naming the field, its value and what is allowed: a negative
/// resolution (-1 apart), an ADC resolution without a bound, a weight quantizer without a
/// resolution, a Gaussian clip without a sigma, values that are not finite.
void validate(const RpuConfig& config);

/// True if a resolution (inp_res, out_res) asks for quantization.
constexpr bool is_quantized(double resolution) { return resolution > 0.0; }

/// Levels minus one of a resolution above 0: itself, or its reciprocal when it is a step.
constexpr double level_intervals(double resolution) {
  return resolution > 1.0 ? resolution : 1.0 / resolution;
}

/// The reference's spelling: "ADD_NORMAL_PER_CHANNEL".
std::string to_string(WeightNoise type);
std::string to_string(WeightQuantization type);
std::string to_string(WeightClip type);

/// Case and underscores are ignored ("AddNormal"). Throw std::invalid_argument listing the known.
void parse(std::string_view text, WeightNoise& type);
void parse(std::string_view text, WeightQuantization& type);
void parse(std::string_view text, WeightClip& type);

}  // namespace rangefinder::analog
