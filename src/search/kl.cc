#include "search/kl.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/divergence.h"
#include "search/minmax.h"
#include "search/scale_ladder.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Grid;
using statistics::TensorStatistics;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kSmallestScale = std::numeric_limits<float>::min();
constexpr double kLossless = 1e-12;
constexpr int64_t kMostSteps = int64_t{1} << 20;
/// The divergence has more small minima than the squared error, and none that come in periods.
constexpr LadderOptions kLadder{
    .rungs_per_octave = 32, .period_variation = kInfinite, .kept_minima = 4};

/// The search on one tensor: a scale decides everything, for the best split follows from it.
class KlSearch {
 public:
  KlSearch(const TensorStatistics& statistics, const Grid& grid)
      : divergence_(statistics, grid.step_count()), grid_(grid) {}

  AffineParameters best(AffineParameters minmax) const {
    const double scale =
        grid_.power_of_2 ? best_power_of_2(minmax.scale) : best_scale(minmax.scale);
    const float stored = quantization::representable_scale(scale);
    return {stored, zero_point_of(result(stored).split, grid_)};
  }

 private:
  Divergence::Result result(double scale) const {
    const double stored = quantization::representable_scale(scale);
    if (!grid_.symmetric) return divergence_.best_split(stored);
    const Split split = symmetric_split(grid_);
    return {split, divergence_(stored, split)};
  }
  /// What rounding alone leaves of zero counts as zero: the first candidate wins.
  double loss(double scale) const {
    const double divergence = result(scale).divergence;
    return std::abs(divergence) < kLossless ? 0 : divergence;
  }
  /// Infinite once no split clips few enough values: then no smaller scale does.
  double bound(double scale) const {
    const Split most =
        grid_.symmetric ? symmetric_split(grid_) : Split{grid_.step_count(), grid_.step_count()};
    const bool hopeless = divergence_.clipped_share(scale, most) > Divergence::kMostClipped;
    return hopeless ? kInfinite : -kInfinite;
  }
  /// The scale at which the outermost cells, half a step beyond the codes, end at the extremes.
  double snug_scale() const;
  double best_scale(double minmax_scale) const;
  double best_power_of_2(double minmax_scale) const;

  Divergence divergence_;
  Grid grid_;
};

double KlSearch::snug_scale() const {
  const double above = divergence_.above().max();
  const double below = divergence_.below().max();
  if (!grid_.symmetric) return (above + below) / (static_cast<double>(grid_.step_count()) + 1);
  const Split split = symmetric_split(grid_);
  return std::max(above / (static_cast<double>(split.codes_above) + 0.5),
                  below / (static_cast<double>(split.codes_below) + 0.5));
}

/// Without clipping no larger scale is better: the search starts where clipping does.
double KlSearch::best_scale(double minmax_scale) const {
  return search_scale(
             minmax_scale, kSmallestScale, {minmax_scale, snug_scale()},
             [this](double s) { return loss(s); }, [this](double s) { return bound(s); }, kLadder)
      .scale;
}

double KlSearch::best_power_of_2(double minmax_scale) const {
  Candidate best{minmax_scale, loss(minmax_scale)};
  for (double scale = minmax_scale / 2; scale >= kSmallestScale && bound(scale) < 0; scale /= 2) {
    const Candidate candidate{scale, loss(scale)};
    if (candidate.loss < best.loss) best = candidate;
  }
  return best.scale;
}

}  // namespace

std::optional<AffineParameters> kl(const TensorStatistics& statistics, const Grid& grid) {
  const auto widest = minmax(statistics, grid);
  if (!widest || statistics.histogram.count() == 0) return std::nullopt;
  const bool all_zero = statistics.histogram.count() == statistics.histogram.zero_count();
  if (all_zero || grid.step_count() > kMostSteps) return widest;
  return KlSearch(statistics, grid).best(*widest);
}

}  // namespace rangefinder::search
