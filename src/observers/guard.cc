#include "observers/guard.h"

#include <algorithm>
#include <limits>

#include "search/minmax.h"
#include "search/mse.h"

namespace rangefinder::observers {
namespace {

/// Named in docs/formats/summary.md.
constexpr char kFigure[] = "guard_ratio";

struct Rated {
  quantization::AffineParameters parameters = {};
  double error = std::numeric_limits<double>::infinity();
};

/// Empty where nothing finite was seen.
std::optional<Rated> rated(const statistics::TensorStatistics& statistics,
                           const quantization::Grid& grid,
                           std::optional<quantization::AffineParameters> parameters) {
  if (!parameters) return std::nullopt;
  const auto error = search::mean_squared_error(statistics, grid, *parameters);
  if (!error) return std::nullopt;
  return Rated{*parameters, *error};
}

}  // namespace

std::optional<Guarded> guard(const statistics::TensorStatistics& statistics,
                             const quantization::Grid& grid,
                             quantization::AffineParameters parameters, double factor) {
  const auto given = rated(statistics, grid, parameters);
  auto best = rated(statistics, grid, search::mse(statistics, grid));
  const auto widest = rated(statistics, grid, search::minmax(statistics, grid));
  if (!given || !best || !widest) return std::nullopt;
  if (widest->error < best->error) best = widest;
  if (!(given->error > factor * best->error)) return std::nullopt;
  return Guarded{best->parameters, given->error / best->error};
}

bool is_guarded(std::string_view method) { return method == "kl" || method == "percentile"; }

void guard(std::string_view method, const Observations& observations,
           const quantization::TensorQuantizationConfig& config, Solution& solution) {
  if (!is_guarded(method) || config.is_floating()) return;
  double largest = 0;
  for (size_t c = 0; c < solution.parameters.size(); ++c) {
    const auto better = guard(observations.channels[c], grid_of(config), solution.parameters[c]);
    if (!better) continue;
    solution.parameters[c] = better->parameters;
    largest = std::max(largest, better->ratio);
  }
  if (largest > 0) solution.figures[kFigure] = largest;
}

}  // namespace rangefinder::observers
