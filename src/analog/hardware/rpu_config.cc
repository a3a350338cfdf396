#include "analog/hardware/rpu_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <span>
#include <stdexcept>
#include <vector>

#include "base/near_names.h"

namespace rangefinder::analog {
namespace {

template <typename Enum>
struct Name {
  Enum value;
  std::string_view text;
};

constexpr std::array<Name<WeightNoise>, 3> kNoiseNames = {{
    {WeightNoise::kNone, "NONE"},
    {WeightNoise::kAddNormal, "ADD_NORMAL"},
    {WeightNoise::kAddNormalPerChannel, "ADD_NORMAL_PER_CHANNEL"},
}};
constexpr std::array<Name<WeightQuantization>, 3> kQuantizationNames = {{
    {WeightQuantization::kNone, "NONE"},
    {WeightQuantization::kDiscretize, "DISCRETIZE"},
    {WeightQuantization::kDiscretizePerChannel, "DISCRETIZE_PER_CHANNEL"},
}};
constexpr std::array<Name<WeightClip>, 4> kClipNames = {{
    {WeightClip::kNone, "NONE"},
    {WeightClip::kLayerGaussian, "LAYER_GAUSSIAN"},
    {WeightClip::kLayerGaussianPerChannel, "LAYER_GAUSSIAN_PER_CHANNEL"},
    {WeightClip::kLearnablePerChannel, "LEARNABLE_PER_CHANNEL"},
}};

template <typename Enum, size_t N>
std::string name_of(Enum value, const std::array<Name<Enum>, N>& names) {
  for (const auto& name : names) {
    if (name.value == value) return std::string(name.text);
  }
  throw std::invalid_argument("unknown enumerator");
}

/// Lower case without underscores, so that enum names and class-style names compare equal.
std::string plain(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != '_') result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

template <typename Enum, size_t N>
Enum value_of(std::string_view text, const std::array<Name<Enum>, N>& names) {
  std::vector<std::string> known;
  for (const auto& name : names) {
    if (plain(name.text) == plain(text)) return name.value;
    known.emplace_back(name.text);
  }
  throw std::invalid_argument(fmt::format("unknown type '{}'; known: {}{}", text,
                                          fmt::join(known, ", "), did_you_mean(text, known)));
}

/// Refuses a field unless `allowed`.
void require(bool allowed, std::string_view path, double value, std::string_view rule) {
  if (!allowed) {
    throw std::invalid_argument(fmt::format("{} is {}; allowed: {}", path, value, rule));
  }
}

void require_finite(const RpuConfig& config) {
  visit_fields(config, [](std::string_view path, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, double>) {
      require(std::isfinite(value), path, value, "a finite number");
    }
  });
}

void require_resolution(std::string_view path, double value) {
  require(value > 0.0 || value == 0.0 || value == -1.0, path, value,
          "above 1 for levels, up to 1 for a step, -1 or 0 for none");
}

}  // namespace

void validate(const RpuConfig& config) {
  require_finite(config);
  const ForwardParameters& forward = config.forward;
  require_resolution("forward.inp_res", forward.inp_res);
  require_resolution("forward.out_res", forward.out_res);
  require(forward.out_noise >= 0.0, "forward.out_noise", forward.out_noise, "0 or more");
  require(forward.out_bound >= 0.0, "forward.out_bound", forward.out_bound, "0 or more");
  require(!is_quantized(forward.out_res) || forward.out_bound > 0.0, "forward.out_res",
          forward.out_res, "an ADC resolution needs forward.out_bound above 0");
  const InputRangeParameters& input_range = config.pre_post.input_range;
  require(input_range.init_value > 0.0, "pre_post.input_range.init_value", input_range.init_value,
          "above 0");
  require(input_range.init_std_alpha > 0.0, "pre_post.input_range.init_std_alpha",
          input_range.init_std_alpha, "above 0");
  require(config.mapping.max_input_size >= -1, "mapping.max_input_size",
          static_cast<double>(config.mapping.max_input_size), "1 or more, or -1 or 0 for no limit");
  require(config.modifier.std_dev >= 0.0, "modifier.std_dev", config.modifier.std_dev, "0 or more");
  require(config.modifier.res >= 0.0, "modifier.res", config.modifier.res, "0 or more");
  require(
      config.modifier.quantization_type == WeightQuantization::kNone || config.modifier.res > 0.0,
      "modifier.res", config.modifier.res, "above 0 with a modifier.quantization_type");
  const bool gaussian = config.clip.type == WeightClip::kLayerGaussian ||
                        config.clip.type == WeightClip::kLayerGaussianPerChannel;
  require(!gaussian || config.clip.sigma > 0.0, "clip.sigma", config.clip.sigma,
          "above 0 with a Gaussian clip.type");
}

std::string to_string(WeightNoise type) { return name_of(type, kNoiseNames); }
std::string to_string(WeightQuantization type) { return name_of(type, kQuantizationNames); }
std::string to_string(WeightClip type) { return name_of(type, kClipNames); }

void parse(std::string_view text, WeightNoise& type) { type = value_of(text, kNoiseNames); }
void parse(std::string_view text, WeightQuantization& type) {
  type = value_of(text, kQuantizationNames);
}
void parse(std::string_view text, WeightClip& type) { type = value_of(text, kClipNames); }

}  // namespace rangefinder::analog
