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

[[noreturn]] void refuse_without(const std::string& method, const std::string& missing) {
  throw std::invalid_argument("The method '" + method + "' must see " + missing + ".");
}

// Methods say what they must see; statistics that were gathered without it are a misuse.
void check_gathered(const std::string& method, const Needs& needs,
                    const Observations& observations) {
  const auto refuse = [&method](const std::string& missing) { refuse_without(method, missing); };
  if (needs.statistics && observations.channels.empty()) {
    throw Error("No statistics were gathered: there is nothing to solve.");
  }
  if (needs.batch_figures && observations.batches.size() != observations.channels.size()) {
    refuse("the figures of every batch, which were not gathered");
  }
  if (needs.row_top == 0) return;
  const std::string rows = "the " + std::to_string(needs.row_top + 1) +
                           " largest values of every row along axis " +
                           std::to_string(needs.row_axis);
  if (observations.rows == nullptr) refuse(rows + "; no rows were gathered");
  if (observations.rows->k() < needs.row_top || observations.row_axis != needs.row_axis) {
    refuse(rows + "; gathered were " + std::to_string(observations.rows->k() + 1) + " along axis " +
           std::to_string(observations.row_axis));
  }
}

}  // namespace

Solution solve(std::string_view method, const CalibrationOptions& options,
               const Observations& observations,
               const quantization::TensorQuantizationConfig& config) {
  config.check();
  const std::string name = chosen(method, config);
  const auto observer = registry().create(name, config, options);
  if (!observer->needs().is_one_pass()) {
    refuse_without(name, "raw tensors (" + std::to_string(observer->needs().raw_pass_count) +
                             " passes): it cannot be solved from statistics");
  }
  return solve(*observer, name, observations, config);
}

Solution solve(Observer& observer, std::string_view method, const Observations& observations,
               const quantization::TensorQuantizationConfig& config) {
  check_gathered(std::string(method), observer.needs(), observations);
  if (!config.is_per_channel() && observations.channels.size() > 1) {
    throw std::invalid_argument("A per-tensor config has one statistic, found " +
                                std::to_string(observations.channels.size()) + ".");
  }
  return observer.solve(observations);
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
