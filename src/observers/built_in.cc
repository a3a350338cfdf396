#include "observers/built_in.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "observers/registry.h"
#include "observers/statistics_observer.h"
#include "search/minmax.h"
#include "search/percentile.h"

namespace rangefinder::observers {
namespace {

using Config = quantization::TensorQuantizationConfig;
using Made = std::unique_ptr<Observer>;

// A config's detail of this name wins over the option.
double detail_or(const Config& config, const std::string& name, double option) {
  const auto found = config.detail.find(name);
  return found == config.detail.end() ? option : found->second;
}

void refuse_floating(const Config& config, const std::string& method) {
  if (!config.is_floating()) return;
  throw std::invalid_argument("The method '" + method +
                              "' has no floating form: use minmax or mse.");
}

Made from_search(ChannelSearch search) {
  return std::make_unique<StatisticsObserver>(std::move(search));
}

Made make_minmax(const Config& config, const CalibrationOptions& /*options*/) {
  return from_search([grid = grid_of(config)](const statistics::TensorStatistics& channel) {
    return search::minmax(channel, grid);
  });
}

Made make_percentile(const Config& config, const CalibrationOptions& options) {
  refuse_floating(config, "percentile");
  const double percentile = detail_or(config, "percentile", options.percentile);
  if (!(percentile > 0 && percentile <= 1)) {
    throw std::invalid_argument("The percentile must be in (0, 1], found " +
                                std::to_string(percentile) + ".");
  }
  return from_search(
      [grid = grid_of(config), percentile](const statistics::TensorStatistics& channel) {
        return search::percentile(channel, grid, percentile);
      });
}

}  // namespace

void add_built_in_observers(Registry& registry) {
  registry.add("minmax", make_minmax);
  registry.add("percentile", make_percentile);
}

}  // namespace rangefinder::observers
