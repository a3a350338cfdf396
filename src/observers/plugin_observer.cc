#include "observers/plugin_observer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/error.h"

namespace rangefinder::observers {
namespace {

using Config = quantization::TensorQuantizationConfig;

// The buffer a plug-in writes its reason into.
class Message {
 public:
  rangefinder_message slot() { return {text_.data(), text_.size()}; }
  Error error(const rangefinder_observer& observer, const std::string& action) const {
    const std::string reason = text_[0] == '\0' ? "no reason given" : std::string(text_.data());
    return Error("The plug-in method '" + std::string(observer.name) + "' failed to " + action +
                 ": " + reason + ".");
  }

 private:
  std::array<char, 512> text_ = {};
};

rangefinder_request request_of(const Config& config, const CalibrationOptions& options) {
  rangefinder_request request = {};
  request.bits = config.bits;
  request.is_symmetric = config.is_symmetric();
  request.is_power_of_2 = config.is_power_of_2();
  request.is_per_channel = config.is_per_channel();
  request.channel_axis = config.channel_axis.value_or(0);
  request.quant_min = config.quant_min;
  request.quant_max = config.quant_max;
  request.percentile = options.percentile;
  request.alpha = options.alpha;
  return request;
}

// A channel's statistics in the plug-in's form; owns the buckets it points to.
struct ChannelView {
  std::vector<rangefinder_bucket> buckets;
  rangefinder_channel channel = {};

  explicit ChannelView(const statistics::TensorStatistics& seen) {
    for (const auto& [lower, upper, count] : seen.histogram.buckets()) {
      buckets.push_back({lower, upper, count});
    }
    const bool has_range = seen.extrema.has_range();
    channel.buckets = buckets.data();
    channel.bucket_count = buckets.size();
    channel.min = has_range ? seen.extrema.min : 0;
    channel.max = has_range ? seen.extrema.max : 0;
    channel.finite_count = seen.histogram.count();
    channel.nan_count = seen.extrema.nan_count;
    channel.infinity_count = seen.extrema.infinity_count();
  }
};

class PluginObserver : public Observer {
 public:
  PluginObserver(const rangefinder_observer& plugin, const Config& config,
                 const CalibrationOptions& options)
      : plugin_(plugin), grid_(grid_of(config)), self_(nullptr, plugin.destroy) {
    const rangefinder_request request = request_of(config, options);
    Message why;
    self_.reset(plugin.create(&request, why.slot()));
    if (!self_) throw why.error(plugin, "start");
  }

  Needs needs() const override {
    return {.statistics = plugin_.needs_statistics != 0, .raw_pass_count = plugin_.raw_pass_count};
  }
  Laws laws() const override {
    const uint32_t broken = plugin_.broken_laws;
    return {.split = (broken & RANGEFINDER_BREAKS_SPLIT) == 0,
            .merge = (broken & RANGEFINDER_BREAKS_MERGE) == 0,
            .empty = (broken & RANGEFINDER_BREAKS_EMPTY) == 0,
            .order = (broken & RANGEFINDER_BREAKS_ORDER) == 0};
  }

  void begin_pass(size_t pass) override;
  void observe(const tensor::TensorView& batch) override;
  void merge(const Observer& other) override;
  Solution solve(const Observations& observations) override;

 private:
  quantization::AffineParameters parameters(const rangefinder_result& result) const;

  const rangefinder_observer& plugin_;
  quantization::Grid grid_;
  std::unique_ptr<void, void (*)(void*)> self_;
};

void PluginObserver::begin_pass(size_t pass) {
  Observer::begin_pass(pass);
  if (plugin_.begin_pass == nullptr) return;
  Message why;
  if (plugin_.begin_pass(self_.get(), static_cast<uint32_t>(pass), why.slot()) != 0) {
    throw why.error(plugin_, "begin pass " + std::to_string(pass));
  }
}

void PluginObserver::observe(const tensor::TensorView& batch) {
  if (plugin_.raw_pass_count == 0) return Observer::observe(batch);
  const std::span<const float> values = batch.floats();
  const rangefinder_batch raw = {values.data(), values.size(), batch.shape.data(),
                                 batch.shape.size()};
  Message why;
  if (plugin_.observe(self_.get(), &raw, why.slot()) != 0) throw why.error(plugin_, "observe");
}

void PluginObserver::merge(const Observer& other) {
  if (plugin_.raw_pass_count == 0) return;
  const auto* same = dynamic_cast<const PluginObserver*>(&other);
  if (same == nullptr || &same->plugin_ != &plugin_ || !laws().merge || plugin_.merge == nullptr) {
    return Observer::merge(other);
  }
  Message why;
  if (plugin_.merge(self_.get(), same->self_.get(), why.slot()) != 0) {
    throw why.error(plugin_, "merge");
  }
}

Solution PluginObserver::solve(const Observations& observations) {
  std::vector<ChannelView> views(observations.channels.begin(), observations.channels.end());
  std::vector<rangefinder_channel> channels;
  for (const ChannelView& view : views) channels.push_back(view.channel);
  std::vector<rangefinder_result> results(std::max<size_t>(channels.size(), 1));
  Message why;
  if (plugin_.solve(self_.get(), channels.data(), channels.size(), results.data(), why.slot()) !=
      0) {
    throw why.error(plugin_, "solve");
  }
  Solution solution;
  for (const rangefinder_result& result : results) {
    solution.parameters.push_back(parameters(result));
  }
  return solution;
}

quantization::AffineParameters PluginObserver::parameters(const rangefinder_result& result) const {
  if (result.has_parameters == 0) {
    if (!std::isfinite(result.min) || !std::isfinite(result.max) || result.min > result.max) {
      throw Error("The plug-in method '" + std::string(plugin_.name) + "' gave the range [" +
                  std::to_string(result.min) + ", " + std::to_string(result.max) + "].");
    }
    return quantization::affine_from_range({result.min, result.max}, grid_);
  }
  const bool on_grid = result.zero_point >= grid_.quant_min && result.zero_point <= grid_.quant_max;
  if (!std::isfinite(result.scale) || result.scale <= 0 || !on_grid) {
    throw Error("The plug-in method '" + std::string(plugin_.name) + "' gave scale " +
                std::to_string(result.scale) + " and zero point " +
                std::to_string(result.zero_point) + ".");
  }
  return {result.scale, result.zero_point};
}

}  // namespace

ObserverFactory plugin_factory(const rangefinder_observer& description) {
  return [&description](const Config& config, const CalibrationOptions& options) {
    if (config.is_floating()) {
      throw std::invalid_argument("The plug-in method '" + std::string(description.name) +
                                  "' works on integer grids, not on floating configs.");
    }
    return std::make_unique<PluginObserver>(description, config, options);
  };
}

}  // namespace rangefinder::observers
