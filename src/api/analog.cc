#include "rangefinder/analog.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "analog/export/export_model.h"
#include "analog/export/ranges_file.h"
#include "analog/layers/convert.h"
#include "analog/ranges/sampler.h"
#include "api/model_state.h"
#include "api/requests.h"
#include "api/samples_state.h"
#include "base/cancellation.h"
#include "engine/compute_device.h"
#include "engine/packed_model.h"
#include "workflow/analog_calibrate.h"
#include "workflow/analog_compare.h"
#include "workflow/analog_model.h"
#include "workflow/fit_samples.h"

namespace rangefinder {

struct AnalogHardware::State {
  analog::NetworkConfig config;
};

struct AnalogModel::State {
  analog::AnalogModel model;
  /// Of the calibration, whose checkpoint is needed until the results are written.
  workflow::PassOptions pass = {};
};

namespace {

analog::Compatibility compatibility_of(AnalogCompatibility compatibility) {
  return compatibility == AnalogCompatibility::kAihwkit ? analog::Compatibility::kAihwkit
                                                        : analog::Compatibility::kNone;
}

analog::InputRangeOptions options_of(const InputRangeOptions& options,
                                     analog::Compatibility compatibility) {
  return {.quantile = options.quantile,
          .max_samples = options.max_samples,
          .std_alpha = options.std_alpha,
          .seed = options.seed,
          .compatibility = compatibility};
}

uint64_t calibrate(AnalogModel& model, InputRangeCalibrationType type,
                   workflow::PassSamples samples, const InputRangeOptions& options,
                   const std::string& data) {
  const Cancellation heeded(options.run.cancelled);
  auto& [layers, pass] = model.state();
  pass = pass_options(options.checkpoint, options.ranks);
  const engine::UsableRun usable = engine::with_usable_device(options.run);
  return workflow::calibrate_analog(layers, {.type = type,
                                             .options = options_of(options, layers.compatibility),
                                             .samples = std::move(samples),
                                             .data = data,
                                             .run = usable.control,
                                             .pass = pass});
}

}  // namespace

AnalogHardware::AnalogHardware() : state_(std::make_unique<State>()) {}
AnalogHardware::AnalogHardware(std::unique_ptr<State> state) : state_(std::move(state)) {}
AnalogHardware::AnalogHardware(const AnalogHardware& other)
    : state_(std::make_unique<State>(*other.state_)) {}
AnalogHardware::AnalogHardware(AnalogHardware&&) noexcept = default;
AnalogHardware& AnalogHardware::operator=(AnalogHardware other) noexcept {
  state_ = std::move(other.state_);
  return *this;
}
AnalogHardware::~AnalogHardware() = default;

AnalogHardware AnalogHardware::parse(std::string_view json) {
  return AnalogHardware(std::make_unique<State>(State{analog::parse_network_config(json)}));
}

AnalogHardware AnalogHardware::load(const std::filesystem::path& file) {
  return AnalogHardware(std::make_unique<State>(State{analog::load_network_config(file)}));
}

std::string AnalogHardware::json() const { return analog::to_json(state_->config); }

AnalogHardware& AnalogHardware::set(std::string_view field, double value) {
  // By way of the JSON form, which knows every field's name, type and limits.
  nlohmann::json nested = value;
  for (std::string_view path = field; !path.empty();) {
    const size_t dot = path.rfind('.');
    const size_t begin = dot == std::string_view::npos ? 0 : dot + 1;
    nested = nlohmann::json{{std::string(path.substr(begin)), std::move(nested)}};
    path = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
  }
  nlohmann::json whole = nlohmann::json::parse(json());
  whole.merge_patch(nested);
  state_->config = analog::parse_network_config(whole.dump());
  return *this;
}

AnalogModel::AnalogModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
AnalogModel::AnalogModel(AnalogModel&&) noexcept = default;
AnalogModel& AnalogModel::operator=(AnalogModel&&) noexcept = default;
AnalogModel::~AnalogModel() = default;

std::vector<AnalogLayerInfo> AnalogModel::layers() const {
  std::vector<AnalogLayerInfo> infos;
  for (const analog::AnalogLayer& layer : state_->model.layers) {
    infos.push_back({layer.name, layer.module, layer.op_type, {}, layer.input_range});
    for (const auto& slice : layer.slices()) {
      infos.back().slices.push_back(slice.width());
    }
  }
  return infos;
}

std::vector<FloatNodeRow> AnalogModel::digital_nodes() const {
  std::vector<FloatNodeRow> rows;
  for (const auto& node : state_->model.digital) {
    rows.push_back({node.name, node.op_type, node.reason});
  }
  return rows;
}

std::string AnalogModel::table() const { return workflow::to_table(state_->model); }
std::string AnalogModel::ranges_json() const { return analog::ranges_json(state_->model); }

void AnalogModel::save(const AnalogFiles& files) const {
  if (!state_->pass.is_first()) return;
  workflow::write_analog(state_->model, files);
  workflow::remove_checkpoint(state_->pass);
}

void AnalogModel::load_ranges(const std::filesystem::path& file) {
  analog::load_ranges(file, state_->model);
}

AnalogModel convert_to_analog(const Model& model, const AnalogHardware& hardware,
                              AnalogCompatibility compatibility) {
  return AnalogModel(std::make_unique<AnalogModel::State>(AnalogModel::State{workflow::load_analog(
      model.state().source, hardware.state().config, compatibility_of(compatibility))}));
}

void validate(InputRangeCalibrationType type, const InputRangeOptions& options,
              AnalogCompatibility compatibility) {
  analog::require_options(type, options_of(options, compatibility_of(compatibility)));
}

uint64_t calibrate_input_ranges(AnalogModel& model, InputRangeCalibrationType type,
                                const SampleSource& samples, const InputRangeOptions& options) {
  const auto list = workflow::fit_samples(
      samples.state().input, [&] { return workflow::declared_inputs(model.state().model.model); });
  if (!list.list) {
    return calibrate_input_ranges(
        model, type,
        [&list]() -> std::optional<ModelInputs> {
          auto sample = list.stream.next();
          if (!sample) return std::nullopt;
          return ModelInputs{.named = std::move(*sample)};
        },
        options);
  }
  const size_t all = list.list->size();
  const size_t count = std::min<size_t>(all, options.samples.value_or(all));
  return calibrate(
      model, type,
      {.feed = engine::feed_from(*list.list, options.samples), .count = count, .is_list = true},
      options, fmt::format("{} samples of {}", count, list.list->fingerprint()));
}

uint64_t calibrate_input_ranges(AnalogModel& model, InputRangeCalibrationType type, Sampler sampler,
                                const InputRangeOptions& options) {
  const auto feed =
      analog::feed_from(std::move(sampler), analog::input_names(model.state().model.model),
                        {.sample_limit = options.samples});
  return calibrate(model, type, {.feed = feed, .count = options.samples.value_or(0)}, options, {});
}

Model export_analog(const AnalogModel& model, std::optional<uint64_t> noise_seed) {
  return model_of(engine::pack_whole_model(
      analog::export_model(model.state().model, {.noise_seed = noise_seed}), ""));
}

AnalogComparison compare_analog(const Model& float_model, const Model& analog_model,
                                const SampleSource& samples, const CompareAnalogOptions& options) {
  const Cancellation heeded(options.run.cancelled);
  workflow::AnalogCompareRequest request{.float_model = float_model.state().source,
                                         .analog_model = analog_model.state().source,
                                         .samples = input_for(float_model, samples),
                                         .sample_limit = options.samples};
  request.options = {.types = options.types,
                     .noise_draws = options.noise_draws,
                     .seed = options.seed,
                     .run = options.run};
  request.options.calibration.quantile = options.quantile;
  request.options.calibration.seed = options.seed;
  return workflow::compare_analog(request);
}

}  // namespace rangefinder
