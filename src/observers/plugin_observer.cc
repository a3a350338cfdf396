#include "observers/plugin_observer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/error.h"

namespace rangefinder::observers {
namespace {

using Config = quantization::TensorQuantizationConfig;

// The buffer a plug-in writes its reason into. Not every plug-in keeps the promise to end it with
// a zero.
class Message {
 public:
  rangefinder_message slot() { return {text_.data(), text_.size()}; }
  std::string text() const {
    const auto end = std::find(text_.begin(), text_.end(), '\0');
    return end == text_.begin() ? "no reason given" : std::string(text_.begin(), end);
  }

 private:
  std::array<char, 512> text_ = {};
};

Error failure(const rangefinder_observer& observer, const std::string& action,
              const std::string& reason) {
  return Error("the plug-in method '" + std::string(observer.name) + "' failed to " + action +
               ": " + reason);
}

// Runs call(why), which calls a function of the plug-in. It must not throw, but may have been
// written in any language: whatever comes out of it becomes an Error.
template <typename Call>
auto guarded(const rangefinder_observer& observer, const std::string& action, Message& why,
             Call call) {
  try {
    return call(why.slot());
  } catch (const std::exception& error) {
    throw failure(observer, action, std::string("it threw: ") + error.what());
  } catch (...) {
    throw failure(observer, action, "it threw something that is no exception of C++");
  }
}

// The same for functions that return a number, 0 for success.
template <typename Call>
void require_success(const rangefinder_observer& observer, const std::string& action, Call call) {
  Message why;
  if (guarded(observer, action, why, call) != 0) throw failure(observer, action, why.text());
}

// destroy() of the plug-in. What it throws is dropped: there is nobody left to tell.
struct Destroy {
  const rangefinder_observer* plugin;
  void operator()(void* self) const noexcept {
    try {
      plugin->destroy(self);
    } catch (...) {
      static_cast<void>(self);
    }
  }
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
  PluginObserver(const rangefinder_observer& plugin, const PluginCreate& create,
                 const Config& config, const CalibrationOptions& options)
      : plugin_(plugin), grid_(grid_of(config)), self_(nullptr, Destroy{&plugin}) {
    const rangefinder_request request = request_of(config, options);
    Message why;
    self_.reset(guarded(plugin, "start", why, [&](rangefinder_message slot) {
      return create ? create(request) : plugin.create(&request, slot);
    }));
    if (!self_) throw failure(plugin, "start", why.text());
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
  std::unique_ptr<void, Destroy> self_;
};

void PluginObserver::begin_pass(size_t pass) {
  Observer::begin_pass(pass);
  if (plugin_.begin_pass == nullptr) return;
  require_success(plugin_, "begin pass " + std::to_string(pass), [&](rangefinder_message why) {
    return plugin_.begin_pass(self_.get(), static_cast<uint32_t>(pass), why);
  });
}

void PluginObserver::observe(const tensor::TensorView& batch) {
  if (plugin_.raw_pass_count == 0) return Observer::observe(batch);
  const std::span<const float> values = batch.floats();
  const rangefinder_batch raw = {values.data(), values.size(), batch.shape.data(),
                                 batch.shape.size()};
  require_success(plugin_, "observe",
                  [&](rangefinder_message why) { return plugin_.observe(self_.get(), &raw, why); });
}

void PluginObserver::merge(const Observer& other) {
  if (plugin_.raw_pass_count == 0) return;
  const auto* same = dynamic_cast<const PluginObserver*>(&other);
  if (same == nullptr || &same->plugin_ != &plugin_ || !laws().merge || plugin_.merge == nullptr) {
    return Observer::merge(other);
  }
  require_success(plugin_, "merge", [&](rangefinder_message why) {
    return plugin_.merge(self_.get(), same->self_.get(), why);
  });
}

Solution PluginObserver::solve(const Observations& observations) {
  std::vector<ChannelView> views(observations.channels.begin(), observations.channels.end());
  std::vector<rangefinder_channel> channels;
  for (const ChannelView& view : views) channels.push_back(view.channel);
  std::vector<rangefinder_result> results(std::max<size_t>(channels.size(), 1));
  require_success(plugin_, "solve", [&](rangefinder_message why) {
    return plugin_.solve(self_.get(), channels.data(), channels.size(), results.data(), why);
  });
  Solution solution;
  for (const rangefinder_result& result : results) {
    solution.parameters.push_back(parameters(result));
  }
  return solution;
}

quantization::AffineParameters PluginObserver::parameters(const rangefinder_result& result) const {
  if (result.has_parameters == 0) {
    if (!std::isfinite(result.min) || !std::isfinite(result.max) || result.min > result.max) {
      throw Error("the plug-in method '" + std::string(plugin_.name) + "' gave the range [" +
                  std::to_string(result.min) + ", " + std::to_string(result.max) +
                  "]; allowed: finite, the minimum not above the maximum");
    }
    // affine_from_range would clip a step that float32 cannot hold.
    const double widest = std::max(std::abs(result.min), std::abs(result.max));
    if (2 * widest / static_cast<double>(grid_.step_count()) <= std::numeric_limits<float>::max()) {
      return quantization::affine_from_range({result.min, result.max}, grid_);
    }
    throw Error("the plug-in method '" + std::string(plugin_.name) + "' gave the range [" +
                std::to_string(result.min) + ", " + std::to_string(result.max) +
                "], which no float32 scale spans");
  }
  const bool on_grid = result.zero_point >= grid_.quant_min && result.zero_point <= grid_.quant_max;
  if (!std::isfinite(result.scale) || result.scale <= 0 || !on_grid) {
    throw Error("the plug-in method '" + std::string(plugin_.name) + "' gave scale " +
                std::to_string(result.scale) + " and zero point " +
                std::to_string(result.zero_point) +
                "; allowed: a finite scale above 0, a zero point on the grid from " +
                std::to_string(grid_.quant_min) + " to " + std::to_string(grid_.quant_max));
  }
  return {result.scale, result.zero_point};
}

}  // namespace

ObserverFactory plugin_factory(const rangefinder_observer& description) {
  return plugin_factory(description, {});
}

ObserverFactory plugin_factory(const rangefinder_observer& description, PluginCreate create) {
  return [&description, create = std::move(create)](const Config& config,
                                                    const CalibrationOptions& options) {
    if (config.is_floating()) {
      throw std::invalid_argument("the plug-in method '" + std::string(description.name) +
                                  "' works on integer grids, not on floating configs");
    }
    return std::make_unique<PluginObserver>(description, create, config, options);
  };
}

}  // namespace rangefinder::observers
