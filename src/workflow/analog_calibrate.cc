#include "workflow/analog_calibrate.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "analog/hardware/rpu_config_file.h"
#include "analog/ranges/layer_watch.h"
#include "base/fingerprint.h"
#include "data/memory_source.h"

namespace rangefinder::workflow {
namespace {

class GatheredRanges : public Gathering {
 public:
  explicit GatheredRanges(analog::RangeCalibration& calibration) : calibration_(calibration) {}

  std::string bytes() const override { return calibration_.bytes(); }
  void add(std::string_view bytes, const std::string& from) override {
    calibration_.add(bytes, from);
  }
  void clear() override { calibration_.clear(); }

 private:
  analog::RangeCalibration& calibration_;
};

/// The layers as they are calibrated: weights, sites and hardware.
std::string fingerprint_of(const analog::AnalogModel& model) {
  Fingerprint all;
  all.add(analog::to_json(model.config));
  for (const auto& layer : model.layers) {
    all.add(layer.name);
    for (const auto& site : layer.sites) all.add(site.node + " " + site.tensor);
    const auto bytes = std::as_bytes(std::span(layer.weights));
    all.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  return all.text();
}

/// Empty where nobody asks.
RunIdentity identity_of(const analog::AnalogModel& model, const AnalogCalibrateRequest& request) {
  if (!request.pass.needs_identity()) return {};
  const auto& [quantile, max_samples, std_alpha, seed, compatibility] = request.options;
  RunIdentity identity = begin_identity("analog calibrate", request.run.device);
  identity.emplace_back("model", fingerprint_of(model));
  identity.emplace_back("type", to_string(request.type));
  identity.emplace_back(
      "options", fmt::format("quantile {}, {} rows, alpha {}, seed {}{}", quantile, max_samples,
                             std_alpha ? fmt::to_string(*std_alpha) : "of the layers", seed,
                             compatibility == analog::Compatibility::kAihwkit ? ", aihwkit" : ""));
  identity.emplace_back("data", request.samples.is_list ? request.data : "a stream");
  return identity;
}

/// The same stream; what passed by is told apart.
PassSamples fingerprinted(PassSamples samples) {
  const auto passed = std::make_shared<Fingerprint>();
  samples.passed = [passed] { return passed->text(); };
  samples.feed = [feed = std::move(samples.feed),
                  passed]() -> std::optional<engine::PendingSample> {
    auto pending = feed();
    if (!pending) return std::nullopt;
    const auto sample = std::make_shared<tensor::NamedTensors>(pending->read({}));
    data::add_sample(*sample, *passed);
    pending->read = [sample](const data::HeaderCheck&) { return std::move(*sample); };
    return pending;
  };
  return samples;
}

}  // namespace

uint64_t calibrate_analog(analog::AnalogModel& model, const AnalogCalibrateRequest& request) {
  if (request.pass.is_shared() &&
      request.options.compatibility == analog::Compatibility::kAihwkit) {
    throw std::invalid_argument(
        "what AIHWKIT-Lightning finds depends on the order of samples: one rank only");
  }
  analog::require_options(request.type, request.options);
  if (request.type == analog::InputRangeType::kNone) return 0;
  analog::RangeCalibration calibration(model, request.type, request.options);
  GatheredRanges gathered(calibration);
  const bool is_kept = !request.pass.checkpoint.file.empty() && !request.samples.is_list;
  SharedPass pass(request.pass, identity_of(model, request),
                  is_kept ? fingerprinted(request.samples) : request.samples, gathered,
                  request.run);
  const uint64_t done =
      calibration.observe(pass.feed(), pass.control(), pass.stage("calibrate"), pass.rests());
  pass.finish(done);
  const uint64_t all = analog::require_samples(pass.total_count(done));
  calibration.finish();
  return all;
}

}  // namespace rangefinder::workflow
