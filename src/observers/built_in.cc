#include "observers/built_in.h"

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

double percentile_of(const Config& config, const CalibrationOptions& options) {
  const double percentile = detail_or(config, "percentile", options.percentile);
  if (!(percentile > 0 && percentile <= 1)) {
    throw std::invalid_argument("The percentile must be in (0, 1], found " +
                                std::to_string(percentile) + ".");
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
    throw std::invalid_argument("alpha must be positive, found " + std::to_string(alpha) + ".");
  }
  return from_search([grid = grid_of(config), alpha](const TensorStatistics& channel) {
    return search::standard_deviation(channel, grid, alpha);
  });
}

}  // namespace

void add_built_in_observers(Registry& registry) {
  registry.add("isotone", make_isotone);
  registry.add("kl", make_kl);
  registry.add("mean-minmax", make_mean_minmax);
  registry.add("mean-percentile", make_mean_percentile);
  registry.add("minmax", make_minmax);
  registry.add("mse", make_mse);
  registry.add("percentile", make_percentile);
  registry.add("std", make_standard_deviation);
}

}  // namespace rangefinder::observers
