#include "search/isotone.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "search/mse.h"
#include "search/scale_intervals.h"

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Grid;
using statistics::RowTop;
using Rows = std::span<const RowTop::Row>;

constexpr size_t kMostIntervals = 64;
constexpr int kPointsPerInterval = 16;
constexpr int kSplitScales = 8;
constexpr double kSmallestScale = std::numeric_limits<float>::min();
/// A scale this far inside an open interval is still inside as a float32.
constexpr double kInside = 0x1p-23;

uint64_t kept_count(Rows rows, AffineParameters parameters, const Grid& grid) {
  uint64_t kept = 0;
  for (const auto& row : rows) {
    if (keeps_order(row, parameters, grid)) kept += row.count;
  }
  return kept;
}

/// Chooses between parameters: most rows kept, then least error.
class Choice {
 public:
  Choice(const Density& density, Rows rows, const Grid& grid)
      : error_(density), rows_(rows), grid_(grid) {}

  /// `most`: a bound of the rows that it can keep, to save counting them.
  void offer(AffineParameters p, uint64_t most) {
    const Split split{grid_.quant_max - p.zero_point, p.zero_point - grid_.quant_min};
    const double error = error_(p.scale, split);
    if (most <= kept_ && error >= least_) return;
    const uint64_t kept = kept_count(rows_, p, grid_);
    if (kept < kept_ || (kept == kept_ && error >= least_)) return;
    kept_ = kept;
    least_ = error;
    best_ = p;
  }
  /// Without counting rows: the error alone.
  double error(double scale, Split split) const { return error_(scale, split); }
  const SquaredError& squared_error() const { return error_; }
  uint64_t kept() const { return kept_; }
  AffineParameters best() const { return best_; }

 private:
  SquaredError error_;
  Rows rows_;
  Grid grid_;
  uint64_t kept_ = 0;
  double least_ = std::numeric_limits<double>::infinity();
  AffineParameters best_;
};

/// Zero points worth trying.
std::vector<Split> splits_of(const SquaredError& error, const Grid& grid) {
  if (grid.symmetric) return {symmetric_split(grid)};
  std::vector<Split> splits;
  if (error.max_above() > 0) splits.push_back({grid.step_count(), 0});
  const double widest =
      (error.max_above() + error.max_below()) / static_cast<double>(grid.step_count());
  for (int i = 0; i < kSplitScales; ++i) {
    splits.push_back(error.best_split(widest * std::exp2(-i / 4.0), grid.step_count()));
  }
  std::ranges::sort(splits, {}, &Split::codes_below);
  const auto repeated = std::ranges::unique(splits);
  splits.erase(repeated.begin(), repeated.end());
  return splits;
}

/// The point of an open interval with the least error; empty if no float32 is inside.
std::optional<float> best_inside(const ScaleInterval& interval, double preferred, Split split,
                                 const Choice& choice) {
  const double low = std::max(interval.low * (1 + kInside), kSmallestScale);
  const double high = interval.high * (1 - kInside);
  if (!(low <= high)) return std::nullopt;
  double best = std::clamp(preferred, low, high);
  double least = choice.error(best, split);
  // An interval that starts at 0 has no useful scale far below the preferred one.
  const double bottom = std::max(low, std::min(high, preferred) / 64);
  for (int i = 0; i <= kPointsPerInterval; ++i) {
    const double scale =
        bottom * std::pow(high / bottom, static_cast<double>(i) / kPointsPerInterval);
    const double error = choice.error(scale, split);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return quantization::representable_scale(best);
}

void offer_sweep(Rows rows, Split split, double preferred, const Grid& grid, Choice& choice) {
  auto [kept, intervals] = sweep_rows(rows, split);
  if (kept < choice.kept()) return;
  const auto distance = [preferred](const ScaleInterval& i) {
    return std::abs(std::log(std::clamp(preferred, std::max(i.low, 1e-300), i.high) / preferred));
  };
  std::ranges::stable_sort(intervals, {}, distance);
  if (intervals.size() > kMostIntervals) intervals.resize(kMostIntervals);
  for (const ScaleInterval& interval : intervals) {
    if (const auto scale = best_inside(interval, preferred, split, choice)) {
      choice.offer({*scale, zero_point_of(split, grid)}, kept);
    }
  }
}

void offer_powers_of_2(Split split, uint64_t row_count, const Grid& grid, Choice& choice) {
  const double extent = choice.squared_error().extent();
  const double smallest =
      std::max(kSmallestScale, extent / static_cast<double>(grid.step_count()) / 64);
  for (double scale = quantization::representable_scale(2 * extent, true); scale >= smallest;
       scale /= 2) {
    choice.offer({static_cast<float>(scale), zero_point_of(split, grid)}, row_count);
  }
}

uint64_t count_of(Rows rows) {
  uint64_t count = 0;
  for (const auto& row : rows) count += row.count;
  return count;
}

}  // namespace

bool keeps_order(const RowTop::Row& row, AffineParameters p, const Grid& grid) {
  const auto code = [&](float x) {
    const double rounded = std::nearbyint(x / p.scale);
    return std::clamp(rounded + p.zero_point, static_cast<double>(grid.quant_min),
                      static_cast<double>(grid.quant_max));
  };
  for (size_t i = 0; i + 1 < row.values.size(); ++i) {
    if (!(code(row.values[i].lower) > code(row.values[i + 1].upper))) return false;
  }
  return true;
}

std::optional<Isotone> isotone(const statistics::TensorStatistics& statistics, Rows rows,
                               const Grid& grid) {
  const auto least_error = mse(statistics, grid);
  if (!least_error) return std::nullopt;
  const Density density = *density_of(statistics);
  const uint64_t row_count = count_of(rows);
  if (density.all_zero() || row_count == 0) {
    return Isotone{*least_error, row_count, kept_count(rows, *least_error, grid)};
  }
  Choice choice(density, rows, grid);
  choice.offer(*least_error, row_count);
  for (const Split split : splits_of(choice.squared_error(), grid)) {
    if (grid.power_of_2) {
      offer_powers_of_2(split, row_count, grid, choice);
    } else {
      offer_sweep(rows, split, least_error->scale, grid, choice);
    }
  }
  return Isotone{choice.best(), row_count, choice.kept()};
}

}  // namespace rangefinder::search
