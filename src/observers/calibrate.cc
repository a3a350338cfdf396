#include "observers/calibrate.h"

#include <stdexcept>
#include <string>

#include "base/error.h"

namespace rangefinder::observers {
namespace {

std::string chosen(std::string_view method, const quantization::TensorQuantizationConfig& config) {
  if (!method.empty()) return canonical_method(method);
  if (!config.observer.empty()) return canonical_method(config.observer);
  throw std::invalid_argument("No calibration method was given.");
}

// Methods say what they must see; statistics that were gathered without it are a misuse.
void check_gathered(const std::string& method, const Needs& needs,
                    const Observations& observations) {
  const auto refuse = [&method](const std::string& missing) {
    throw std::invalid_argument("The method '" + method + "' must see " + missing + ".");
  };
  if (!needs.is_one_pass()) {
    refuse("raw tensors (" + std::to_string(needs.raw_pass_count) +
           " passes): it cannot be solved from statistics");
  }
  if (needs.statistics && observations.channels.empty()) {
    throw Error("No statistics were gathered: there is nothing to solve.");
  }
  if (needs.batch_figures && observations.batches.size() != observations.channels.size()) {
    refuse("the figures of every batch, which were not gathered");
  }
  if (needs.row_top > 0 && observations.rows == nullptr) {
    refuse("the largest values of every row, which were not gathered");
  }
}

}  // namespace

Solution solve(std::string_view method, const CalibrationOptions& options,
               const Observations& observations,
               const quantization::TensorQuantizationConfig& config) {
  config.check();
  const std::string name = chosen(method, config);
  const auto observer = registry().create(name, config, options);
  check_gathered(name, observer->needs(), observations);
  if (!config.is_per_channel() && observations.channels.size() > 1) {
    throw std::invalid_argument("A per-tensor config has one statistic, found " +
                                std::to_string(observations.channels.size()) + ".");
  }
  return observer->solve(observations);
}

void activate(const Solution& solution, quantization::TensorQuantizationConfig& config) {
  std::vector<float> scale;
  std::vector<int32_t> offset;
  for (const quantization::AffineParameters& parameters : solution.parameters) {
    scale.push_back(parameters.scale);
    offset.push_back(parameters.zero_point);
  }
  config.activate(std::move(scale), std::move(offset));
}

std::map<std::string, double> calibrate(std::string_view method, const CalibrationOptions& options,
                                        const Observations& observations,
                                        quantization::TensorQuantizationConfig& config) {
  Solution solution = solve(method, options, observations, config);
  activate(solution, config);
  config.observer = chosen(method, config);
  return std::move(solution.figures);
}

std::map<std::string, double> calibrate(std::string_view method, const CalibrationOptions& options,
                                        std::span<const statistics::TensorStatistics> channels,
                                        quantization::TensorQuantizationConfig& config) {
  return calibrate(method, options, Observations{channels}, config);
}

}  // namespace rangefinder::observers
