#include "raw_quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rangefinder::search {
namespace {

using quantization::AffineParameters;
using quantization::Grid;

/// Errors of all codes of one side by the sums of its sorted magnitudes: the error with K codes is
/// errors[K], for the clipping at code K takes all that lies above.
class SortedSide {
 public:
  explicit SortedSide(std::vector<double> magnitudes) : values_(std::move(magnitudes)) {
    std::ranges::sort(values_);
    sums_.resize(values_.size() + 1);
    squares_.resize(values_.size() + 1);
    for (size_t i = 0; i < values_.size(); ++i) {
      sums_[i + 1] = sums_[i] + values_[i];
      squares_[i + 1] = squares_[i] + values_[i] * values_[i];
    }
  }
  /// What clipping at `level` costs alone.
  double clipped(double level) const {
    const auto first = std::upper_bound(values_.begin(), values_.end(), level) - values_.begin();
    return error(static_cast<size_t>(first), values_.size(), level);
  }
  double max() const { return values_.empty() ? 0 : values_.back(); }

  std::vector<double> errors(double scale, int64_t codes) const {
    std::vector<double> result;
    double below = 0;
    size_t first = 0;
    for (int64_t k = 0; k <= codes; ++k) {
      const double level = static_cast<double>(k) * scale;
      result.push_back(below + error(first, values_.size(), level));
      const auto border = std::upper_bound(values_.begin() + static_cast<std::ptrdiff_t>(first),
                                           values_.end(), level + scale / 2);
      const auto last = static_cast<size_t>(border - values_.begin());
      below += error(first, last, level);
      first = last;
    }
    return result;
  }

 private:
  double error(size_t first, size_t last, double level) const {
    const auto n = static_cast<double>(last - first);
    return (squares_[last] - squares_[first]) - 2 * level * (sums_[last] - sums_[first]) +
           n * level * level;
  }
  std::vector<double> values_;
  std::vector<double> sums_;
  std::vector<double> squares_;
};

struct Best {
  double error = std::numeric_limits<double>::infinity();
  AffineParameters parameters;
};

void consider_every_zero_point(const SortedSide& above, const SortedSide& below, float scale,
                               const Grid& grid, Best& best) {
  const int64_t steps = grid.step_count();
  const auto above_errors = above.errors(scale, steps);
  const auto below_errors = below.errors(scale, steps);
  const int64_t middle = grid.symmetric ? quantization::symmetric_zero_point(grid) : 0;
  for (int64_t codes_below = 0; codes_below <= steps; ++codes_below) {
    const int64_t zero_point = grid.quant_min + codes_below;
    if (grid.symmetric && zero_point != middle) continue;
    const double error = above_errors[static_cast<size_t>(steps - codes_below)] +
                         below_errors[static_cast<size_t>(codes_below)];
    if (error < best.error) best = {error, {scale, static_cast<int32_t>(zero_point)}};
  }
}

}  // namespace

double raw_mean_squared_error(const std::vector<float>& values, const Grid& grid,
                              AffineParameters p) {
  double sum = 0;
  const auto low = static_cast<float>(grid.quant_min - p.zero_point);
  const auto high = static_cast<float>(grid.quant_max - p.zero_point);
  for (const float x : values) {
    const float code = std::clamp(std::nearbyintf(x / p.scale), low, high);
    const double error = static_cast<double>(x) - static_cast<double>(code) * p.scale;
    sum += error * error;
  }
  return sum / static_cast<double>(values.size());
}

AffineParameters best_by_brute_force(std::vector<float> values, const Grid& grid) {
  std::vector<double> above;
  std::vector<double> below;
  for (const float x : values) {
    if (x > 0) above.push_back(x);
    if (x < 0) below.push_back(-static_cast<double>(x));
  }
  const SortedSide positive(std::move(above));
  const SortedSide negative(std::move(below));
  const double extent = std::max(positive.max(), negative.max());
  // A wide grid needs no search among the scales that use few of its codes.
  // A wide grid needs no search among the scales that use few of its codes.
  const bool wide = grid.step_count() > 4096;
  const auto steps = static_cast<double>(grid.step_count());
  const double largest = wide ? 2.2 * extent / steps : extent;
  const int per_octave = wide ? 16 : 512;
  Best best;
  for (int i = 0;; ++i) {
    const double step = largest * std::exp2(-static_cast<double>(i) / per_octave);
    const float scale = quantization::representable_scale(step);
    const double clipped = positive.clipped(steps * scale) + negative.clipped(steps * scale);
    if (i > 0 && (step < std::numeric_limits<float>::min() || clipped > best.error)) break;
    consider_every_zero_point(positive, negative, scale, grid, best);
  }
  return best.parameters;
}

}  // namespace rangefinder::search
