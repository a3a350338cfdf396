#include "search/mse.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "search/lattice.h"
#include "search/scale_ladder.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Grid;

constexpr double kSmallestScale = std::numeric_limits<float>::min();
/// Of the sum of squares; a scale off by half a float32 ulp costs 2^-48 = 3.6e-15 of it.
constexpr double kLossless = 1e-13;
/// Steps to the largest magnitude beyond which a step is narrower than the buckets there.
constexpr double kSingleBuckets = 2.0 * statistics::ValueHistogram::kBucketsPerOctave;
constexpr int64_t kMostSteps = int64_t{1} << 20;

/// The search on one tensor: a scale decides everything, for the best split follows from it.
class MseSearch {
 public:
  MseSearch(const Density& density, const Grid& grid) : error_(density), grid_(grid) {}

  AffineParameters best() const {
    const double scale = grid_.power_of_2 ? best_power_of_2() : best_scale();
    const float stored = quantization::representable_scale(scale);
    return {stored, zero_point_of(split(stored), grid_)};
  }

 private:
  Split split(double scale) const {
    return grid_.symmetric ? symmetric_split(grid_) : error_.best_split(scale, grid_.step_count());
  }
  /// Losses below the resolution of a float32 scale count as equal: the first candidate wins.
  double loss(double scale) const {
    const double stored = quantization::representable_scale(scale);
    return std::max(error_(stored, split(stored)), kLossless * error_.square_sum());
  }
  /// Below it no smaller scale can be better, whatever the split.
  double bound(double scale) const {
    if (grid_.symmetric) return error_.clipped(scale, split(scale));
    return error_.least_clipped(scale, grid_.step_count());
  }

  /// Scales that make an extreme value the outermost level: exact for constants.
  std::vector<double> level_scales() const;
  double best_scale() const;
  double best_power_of_2() const;

  SquaredError error_;
  Grid grid_;
};

std::vector<double> MseSearch::level_scales() const {
  const Split codes = split(error_.extent() / static_cast<double>(grid_.step_count()));
  std::vector<double> scales;
  if (codes.codes_above > 0 && error_.max_above() > 0) {
    scales.push_back(error_.max_above() / static_cast<double>(codes.codes_above));
  }
  if (codes.codes_below > 0 && error_.max_below() > 0) {
    scales.push_back(error_.max_below() / static_cast<double>(codes.codes_below));
  }
  return scales;
}

/// No scale above the largest magnitude is better than that magnitude [mse.md (7)].
double MseSearch::best_scale() const {
  const double largest = std::max(error_.extent(), kSmallestScale);
  const std::vector<double> first = level_scales();
  // Where a step is narrower than a bucket and nothing is clipped, the error only grows.
  const LadderOptions options{
      .sparse_below = largest / kSingleBuckets,
      .sparse_above = 8 * largest / static_cast<double>(grid_.step_count())};
  return search_scale(
             largest, kSmallestScale, first, [this](double s) { return loss(s); },
             [this](double s) { return bound(s); }, options)
      .scale;
}

double MseSearch::best_power_of_2() const {
  double scale = quantization::representable_scale(error_.extent(), true);
  Candidate best{scale, loss(scale)};
  for (scale /= 2; scale >= kSmallestScale && bound(scale) <= best.loss; scale /= 2) {
    const Candidate candidate{scale, loss(scale)};
    if (candidate.loss <= best.loss) best = candidate;
  }
  return best.scale;
}

AffineParameters minmax_of(const Density& density, const Grid& grid) {
  return quantization::affine_from_range(
      {-Density::extent(density.negative), Density::extent(density.positive)}, grid);
}

}  // namespace

SquaredError::SquaredError(const Density& density)
    : above_(density.positive), below_(density.negative) {}

double SquaredError::operator()(double scale, Split split) const {
  const double gain = above_.sum(scale, split.codes_above) + below_.sum(scale, split.codes_below);
  // The difference cancels; it cannot be negative but by rounding.
  return std::max(0.0, square_sum() - 2 * scale * gain);
}

double SquaredError::operator()(const AffineParameters& parameters, const Grid& grid) const {
  return (*this)(parameters.scale,
                 {grid.quant_max - parameters.zero_point, parameters.zero_point - grid.quant_min});
}

double SquaredError::clipped(double scale, Split split) const {
  return above_.clipped_square_sum(scale * static_cast<double>(split.codes_above)) +
         below_.clipped_square_sum(scale * static_cast<double>(split.codes_below));
}

double SquaredError::least_clipped(double scale, int64_t step_count) const {
  const auto clipped_with = [&](int64_t above) {
    return clipped(scale, {above, step_count - above});
  };
  const double needed = std::ceil(max_above() / scale) + std::ceil(max_below() / scale);
  if (needed <= static_cast<double>(step_count)) return 0;
  // Convex in the codes above.
  int64_t low = 0;
  int64_t high = step_count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (clipped_with(middle) > clipped_with(middle + 1)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return clipped_with(low);
}

Split SquaredError::best_split(double scale, int64_t step_count) const {
  if (below_.empty()) return {step_count, 0};
  if (above_.empty()) return {0, step_count};
  const auto border = [scale](int64_t codes) { return (static_cast<double>(codes) + 0.5) * scale; };
  int64_t low = 0;
  int64_t high = step_count;
  while (low < high) {
    // Is code middle + 1 above worth more than the last one below?
    const int64_t middle = low + (high - low) / 2;
    if (above_(border(middle)) > below_(border(step_count - middle - 1))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return {low, step_count - low};
}

std::optional<AffineParameters> mse(const statistics::TensorStatistics& statistics,
                                    const Grid& grid) {
  quantization::check_grid(grid);
  const auto density = density_of(statistics);
  if (!density) return std::nullopt;
  if (density->all_zero() || grid.step_count() > kMostSteps) return minmax_of(*density, grid);
  if (const auto exact = lossless(*density, grid)) return exact;
  return MseSearch(*density, grid).best();
}

std::optional<double> mean_squared_error(const statistics::TensorStatistics& statistics,
                                         const Grid& grid, AffineParameters parameters) {
  quantization::check_grid(grid);
  const auto density = density_of(statistics);
  if (!density) return std::nullopt;
  return SquaredError(*density)(parameters, grid) / density->count();
}

}  // namespace rangefinder::search
