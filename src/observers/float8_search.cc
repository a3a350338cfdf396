#include "observers/float8_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "quantization/affine.h"
#include "quantization/float8.h"

namespace rangefinder::observers {
namespace {

using statistics::TensorStatistics;

constexpr int kStepsPerOctave = 64;
// One octave above the scale of minmax nothing is gained any more.
constexpr int kOctavesAbove = 1;
// Finer steps to either side of the best one.
constexpr int kRefinement = 8;

double largest_magnitude(const TensorStatistics& statistics) {
  return std::max(std::fabs(double{statistics.extrema.min}),
                  std::fabs(double{statistics.extrema.max}));
}

struct Point {
  float magnitude;
  double count;
};

// The two extremes as they are, once each, and the other values at their buckets' middles.
std::vector<Point> points_of(const TensorStatistics& statistics) {
  const double low = statistics.extrema.min;
  const double high = statistics.extrema.max;
  std::vector<Point> points;
  for (const auto& [lower, upper, count] : statistics.histogram.buckets()) {
    const double middle = (std::clamp(lower, low, high) + std::clamp(upper, low, high)) / 2;
    points.push_back({static_cast<float>(std::fabs(middle)), static_cast<double>(count)});
  }
  // The first and the last bucket hold the extremes.
  points.front().count -= 1;
  points.push_back({static_cast<float>(std::fabs(low)), 1});
  if (statistics.histogram.count() == 1) return points;
  points[points.size() - 2].count -= 1;
  points.push_back({static_cast<float>(std::fabs(high)), 1});
  return points;
}

struct SquaredError {
  double total = 0;
  /// The share of values beyond the largest code; it only grows as the scale shrinks.
  double clipped = 0;
};

SquaredError squared_error(const std::vector<Point>& points, float scale, const Float8Grid& grid) {
  const double largest = double{quantization::float8_max(grid.format)} * scale;
  SquaredError result;
  for (const auto& [magnitude, count] : points) {
    const double restored =
        double{quantization::to_float8_value(magnitude / scale, grid.format)} * scale;
    const double error = count * (magnitude - restored) * (magnitude - restored);
    result.total += error;
    if (magnitude > largest) result.clipped += error;
  }
  return result;
}

// Candidates are 2^(i / steps) times the scale of minmax.
class Sweep {
 public:
  Sweep(const TensorStatistics& statistics, const Float8Grid& grid, float widest)
      : points_(points_of(statistics)), grid_(grid), widest_(widest) {}

  /// Tries one; false once no smaller one can be better.
  bool offer(double octaves) {
    const float scale =
        quantization::representable_scale(widest_ * std::exp2(octaves), grid_.power_of_2);
    const SquaredError error = squared_error(points_, scale, grid_);
    if (error.total < least_) {
      least_ = error.total;
      best_ = scale;
      best_octaves_ = octaves;
    }
    return scale > std::numeric_limits<float>::min() && error.clipped < least_;
  }

  float best() const { return best_; }
  double best_octaves() const { return best_octaves_; }

 private:
  std::vector<Point> points_;
  Float8Grid grid_;
  float widest_;
  double least_ = std::numeric_limits<double>::infinity();
  float best_ = 1;
  double best_octaves_ = 0;
};

}  // namespace

std::optional<float> float8_minmax(const TensorStatistics& statistics, const Float8Grid& grid) {
  if (!statistics.extrema.has_range()) return std::nullopt;
  const double largest = largest_magnitude(statistics);
  if (largest == 0) return 1.0f;
  return quantization::representable_scale(largest / quantization::float8_max(grid.format),
                                           grid.power_of_2);
}

std::optional<float> float8_mse(const TensorStatistics& statistics, const Float8Grid& grid) {
  const std::optional<float> widest = float8_minmax(statistics, grid);
  if (!widest || largest_magnitude(statistics) == 0) return widest;
  Sweep sweep(statistics, grid, *widest);
  const int steps = grid.power_of_2 ? 1 : kStepsPerOctave;
  int i = kOctavesAbove * steps;
  while (sweep.offer(static_cast<double>(i) / steps)) --i;
  if (grid.power_of_2) return sweep.best();
  // Data that crowd in a few codes have minima narrower than a step: look closer at the best.
  const double centre = sweep.best_octaves();
  for (int j = -kRefinement; j <= kRefinement; ++j) {
    sweep.offer(centre + static_cast<double>(j) / (kRefinement * kStepsPerOctave));
  }
  return sweep.best();
}

}  // namespace rangefinder::observers
