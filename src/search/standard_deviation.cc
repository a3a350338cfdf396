#include "search/standard_deviation.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "search/density.h"

namespace rangefinder::search {
namespace {

/// Calls f(signed middle, width, count) for every segment, zeros included.
template <typename Function>
void for_each_segment(const Density& density, Function f) {
  for (const Segment& s : density.negative) {
    f(-(s.lower + s.upper) / 2, s.upper - s.lower, s.count);
  }
  if (density.zero_count > 0) f(0.0, 0.0, density.zero_count);
  for (const Segment& s : density.positive) {
    f((s.lower + s.upper) / 2, s.upper - s.lower, s.count);
  }
}

/// A segment's values lie evenly in it: width^2 / 12 about their middle.
double deviation_from(double centre, const Density& density) {
  double sum = 0;
  for_each_segment(density, [&](double middle, double width, double count) {
    const double distance = middle - centre;
    sum += count * (distance * distance + width * width / 12);
  });
  return std::sqrt(sum / density.count());
}

}  // namespace

std::optional<Spread> spread(const statistics::TensorStatistics& statistics) {
  const auto density = density_of(statistics);
  if (!density) return std::nullopt;
  double sum = 0;
  for_each_segment(*density, [&](double middle, double, double count) { sum += count * middle; });
  const double mean = sum / density->count();
  return Spread{mean, deviation_from(mean, *density), deviation_from(0, *density)};
}

std::optional<quantization::Range> standard_deviation_range(
    const statistics::TensorStatistics& statistics, double alpha, bool symmetric) {
  if (!(alpha > 0) || !std::isfinite(alpha)) {
    throw std::invalid_argument("alpha is a finite number above 0");
  }
  const auto found = spread(statistics);
  if (!found) return std::nullopt;
  const double centre = symmetric ? 0 : found->mean;
  const double reach =
      alpha * (symmetric ? found->deviation_from_zero : found->deviation_from_mean);
  const double least = statistics.extrema.min;
  const double most = statistics.extrema.max;
  if (symmetric) {
    const double cut = std::min(reach, std::max(-least, most));
    return quantization::Range{-cut, cut};
  }
  return quantization::Range{std::clamp(centre - reach, least, most),
                             std::clamp(centre + reach, least, most)};
}

std::optional<quantization::AffineParameters> standard_deviation(
    const statistics::TensorStatistics& statistics, const quantization::Grid& grid, double alpha) {
  quantization::check_grid(grid);
  const auto range = standard_deviation_range(statistics, alpha, grid.symmetric);
  if (!range) return std::nullopt;
  return quantization::affine_from_range(*range, grid);
}

}  // namespace rangefinder::search
