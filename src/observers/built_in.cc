#include "observers/built_in.h"

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include "observers/isotone.h"
#include "observers/mean_range.h"
#include "observers/registry.h"
#include "observers/statistics_observer.h"
#include "search/float8.h"
#include "search/kl.h"
#include "search/minmax.h"
#include "search/mse.h"
#include "search/percentile.h"
#include "search/standard_deviation.h"

namespace rangefinder::observers {
namespace {

using Config = quantization::TensorQuantizationConfig;
using Made = std::unique_ptr<Observer>;
using statistics::TensorStatistics;

void refuse_floating(const Config& config, const std::string& method) {
  if (!config.is_floating()) return;
  throw std::invalid_argument("The method '" + method +
                              "' has no floating form: use minmax or mse.");
}

Made from_search(ChannelSearch search) {
  return std::make_unique<StatisticsObserver>(std::move(search));
}

using Float8Search = std::optional<float> (*)(const TensorStatistics&, const search::Float8Grid&);

Made from_float8_search(Float8Search search, const Config& config) {
  const search::Float8Grid grid = {config.float_format, config.is_power_of_2()};
  return from_search([search, grid](const TensorStatistics& channel) {
    const std::optional<float> scale = search(channel, grid);
    return scale ? std::optional(quantization::AffineParameters{*scale, 0}) : std::nullopt;
  });
}

Made make_isotone(const Config& config, const CalibrationOptions& options) {
  refuse_floating(config, "isotone");
  return std::make_unique<Isotone>(config, options.axis, options.top_count);
}

Made make_kl(const Config& config, const CalibrationOptions& /*options*/) {
  refuse_floating(config, "kl");
  return from_search([grid = grid_of(config)](const TensorStatistics& channel) {
    return search::kl(channel, grid);
  });
}

Made make_minmax(const Config& config, const CalibrationOptions& /*options*/) {
  if (config.is_floating()) return from_float8_search(search::float8_minmax, config);
  return from_search([grid = grid_of(config)](const TensorStatistics& channel) {
    return search::minmax(channel, grid);
  });
}

Made make_mse(const Config& config, const CalibrationOptions& /*options*/) {
  if (config.is_floating()) return from_float8_search(search::float8_mse, config);
  return from_search([grid = grid_of(config)](const TensorStatistics& channel) {
    return search::mse(channel, grid);
  });
}

/// People who say 99.99 mean 99.99 %.
std::string share_hint(double percentile) {
  if (!(percentile > 1 && percentile <= 100)) return {};
  return fmt::format(": {0:.10g} keeps {1} % of the values", percentile / 100, percentile);
}

double percentile_of(const Config& config, const CalibrationOptions& options) {
  const double percentile = detail_or(config, "percentile", options.percentile);
  if (!(percentile > 0 && percentile <= 1)) {
    throw std::invalid_argument(fmt::format("the percentile is {}; a share in (0, 1] is needed{}",
                                            percentile, share_hint(percentile)));
  }
  return percentile;
}

Made make_percentile(const Config& config, const CalibrationOptions& options) {
  refuse_floating(config, "percentile");
  const double percentile = percentile_of(config, options);
  return from_search([grid = grid_of(config), percentile](const TensorStatistics& channel) {
    return search::percentile(channel, grid, percentile);
  });
}

Made make_mean_minmax(const Config& config, const CalibrationOptions& /*options*/) {
  refuse_floating(config, "mean-minmax");
  return std::make_unique<MeanMinMax>(config);
}

Made make_mean_percentile(const Config& config, const CalibrationOptions& options) {
  refuse_floating(config, "mean-percentile");
  return std::make_unique<MeanPercentile>(config, percentile_of(config, options));
}

Made make_standard_deviation(const Config& config, const CalibrationOptions& options) {
  refuse_floating(config, "std");
  const double alpha = detail_or(config, "alpha", options.alpha);
  if (!(alpha > 0 && alpha <= std::numeric_limits<double>::max())) {
    throw std::invalid_argument(fmt::format("alpha is {}; a number above 0 is needed", alpha));
  }
  return from_search([grid = grid_of(config), alpha](const TensorStatistics& channel) {
    return search::standard_deviation(channel, grid, alpha);
  });
}

}  // namespace

void add_built_in_observers(Registry& registry) {
  registry.add("isotone", make_isotone,
               {"keeps the order of the largest values of a row (arg-max)", {"axis", "top-k"}});
  registry.add("kl", make_kl,
               {"the range whose quantized distribution diverges least (Kullback-Leibler)", {}});
  registry.add("mean-minmax", make_mean_minmax,
               {"the mean over batches of their smallest and largest values", {}});
  registry.add("mean-percentile", make_mean_percentile,
               {"the mean over batches of what 'percentile' keeps of each; runs the model again",
                {"percentile"}});
  registry.add("minmax", make_minmax, {"everything that was seen: nothing is clipped", {}});
  registry.add("mse", make_mse, {"the range with the smallest mean squared error", {}});
  registry.add("percentile", make_percentile,
               {"a share of the values, by default 0.9999; the rest is clipped", {"percentile"}});
  registry.add("std", make_standard_deviation,
               {"the mean and some standard deviations around it, by default 3", {"alpha"}});
}

}  // namespace rangefinder::observers
