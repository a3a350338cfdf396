#include "search/float8.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "quantization/affine.h"
#include "quantization/float8.h"
#include "search/excess.h"
#include "search/scale_ladder.h"

namespace rangefinder::search {
namespace {

using quantization::FloatFormat;
using statistics::TensorStatistics;

constexpr double kSmallestScale = std::numeric_limits<float>::min();
constexpr LadderOptions kLadder{.rungs_per_octave = 32,
                                .period_variation = std::numeric_limits<double>::infinity()};

/// The border below a level and the level's distance from the one below it.
struct Border {
  double position;
  double gap;
};

std::vector<Border> borders_of(FloatFormat format) {
  std::vector<Border> borders;
  const double largest = quantization::float8_max(format);
  double below = 0;
  for (int code = 1; below < largest; ++code) {
    const double level = quantization::from_float8_code(static_cast<uint8_t>(code), format);
    borders.push_back({(below + level) / 2, level - below});
    below = level;
  }
  return borders;
}

/// Squared error of a tensor under a floating grid [fp8.md (2)].
class FloatError {
 public:
  FloatError(const Density& density, FloatFormat format)
      : above_(density.positive),
        below_(density.negative),
        borders_(borders_of(format)),
        max_(quantization::float8_max(format)) {}

  double operator()(double scale) const {
    double gain = 0;
    for (const Border& b : borders_) {
      const double position = b.position * scale;
      if (position >= extent()) break;
      gain += b.gap * (above_(position) + below_(position));
    }
    const double squares = above_.square_sum() + below_.square_sum();
    return std::max(0.0, squares - 2 * scale * gain);
  }
  double clipped(double scale) const {
    return above_.clipped_square_sum(max_ * scale) + below_.clipped_square_sum(max_ * scale);
  }

 private:
  double extent() const { return std::max(above_.max(), below_.max()); }

  Excess above_;
  Excess below_;
  std::vector<Border> borders_;
  double max_;
};

double largest_magnitude(const TensorStatistics& statistics) {
  return std::max(-static_cast<double>(statistics.extrema.min),
                  static_cast<double>(statistics.extrema.max));
}

double best_power_of_2(const FloatError& error, double largest) {
  Candidate best{largest, error(largest)};
  for (double scale = largest / 2; scale >= kSmallestScale && error.clipped(scale) <= best.loss;
       scale /= 2) {
    const Candidate candidate{scale, error(scale)};
    if (candidate.loss < best.loss) best = candidate;
  }
  return best.scale;
}

}  // namespace

std::optional<float> float8_minmax(const TensorStatistics& statistics, const Float8Grid& grid) {
  if (!statistics.extrema.has_range()) return std::nullopt;
  const double largest = largest_magnitude(statistics);
  if (largest == 0) return 1.0f;
  const double step = largest / quantization::float8_max(grid.format);
  return quantization::representable_scale(step, grid.power_of_2);
}

std::optional<float> float8_mse(const TensorStatistics& statistics, const Float8Grid& grid) {
  const auto widest = float8_minmax(statistics, grid);
  const auto density = density_of(statistics);
  if (!widest || !density) return std::nullopt;
  if (density->all_zero()) return widest;
  const FloatError error(*density, grid.format);
  if (grid.power_of_2) {
    return quantization::representable_scale(best_power_of_2(error, *widest), true);
  }
  const auto loss = [&](double s) { return error(quantization::representable_scale(s)); };
  const auto bound = [&](double s) { return error.clipped(s); };
  const double largest = 2 * static_cast<double>(*widest);
  const double best = search_scale(largest, kSmallestScale, {*widest}, loss, bound, kLadder).scale;
  return quantization::representable_scale(best);
}

}  // namespace rangefinder::search
