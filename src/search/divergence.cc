#include "search/divergence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace rangefinder::search {
namespace {

using statistics::TensorStatistics;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
/// Grids of up to so many steps have all their cells summed one by one; of wider ones only the
/// cells in which the density may change a lot, up to this code.
constexpr int64_t kFewSteps = 31;
constexpr int64_t kMiddleCells = 4;
/// Values in a group, where cells are wide beside the buckets.
constexpr double kEnough = 32;
/// Added to the count of an outermost cell, so that clipping to an empty one has a finite price
/// (Krichevsky and Trofimov 1981).
constexpr double kHalf = 0.5;
/// Splits that are looked at before going into detail.
constexpr int64_t kSplitRungs = 16;

Grouping grouping(int64_t step_count) { return {step_count <= kFewSteps ? kEnough : kInfinite}; }

/// n times the divergence of a cell's distribution from an even one, less what it is expected to be
/// by chance (Miller 1955) [kl.md (4)].
double cell_cost(const Sums& cell) {
  if (cell.count <= 0) return 0;
  const double n = cell.count;
  return cell.entropy - n * std::log(n / cell.width) - std::max(0.0, cell.groups - 1) / 2;
}

/// Fewest codes whose cells hold all values of a side.
int64_t codes_needed(double max, double scale) {
  return static_cast<int64_t>(std::ceil(std::min(std::max(max / scale - 0.5, 0.0), 0x1p62)));
}

/// Everything up to the far border of a code's cell.
Sums up_to(const BucketSums& side, double scale, int64_t code) {
  return side.below((static_cast<double>(code) + 0.5) * scale);
}

double clipped_count(const BucketSums& side, double scale, int64_t codes) {
  return side.total().count - up_to(side, scale, codes).count;
}

}  // namespace

/// The cells at one scale: running costs of those next to zero on either side.
class Divergence::Cells {
 public:
  Cells(const Divergence& d, double scale)
      : scale_(scale), middle_(up_to(d.above_, scale, 0) + up_to(d.below_, scale, 0)) {
    middle_cost_ = cell_cost(middle_);
    above_ = side(d.above_, d.single_cells_);
    below_ = side(d.below_, d.single_cells_);
  }

  /// What one side's cells up to a code cost, what is clipped, and what adding that to the
  /// outermost code costs [kl.md (6)].
  struct SideCost {
    double cells;
    double clipped;
    double edge;
  };
  SideCost above(int64_t codes) const { return cost(above_, codes); }
  SideCost below(int64_t codes) const { return cost(below_, codes); }
  double middle_cost() const { return middle_cost_; }

 private:
  struct Side {
    const BucketSums* sums = nullptr;
    /// running[k]: cost of the cells 1 .. k.
    std::array<double, kFewSteps + 1> running{};
    int64_t last = 0;
    double last_information = 0;
  };

  Side side(const BucketSums& sums, int64_t single_cells) const {
    Side result{.sums = &sums, .last = std::min(single_cells, codes_needed(sums.max(), scale_))};
    Sums previous = up_to(sums, scale_, 0);
    for (int64_t k = 1; k <= result.last; ++k) {
      const Sums next = up_to(sums, scale_, k);
      const auto i = static_cast<size_t>(k);
      result.running[i] = result.running[i - 1] + cell_cost(next - previous);
      previous = next;
    }
    result.last_information = previous.information;
    return result;
  }
  /// Beyond the single cells: step^2 / 24 times the information [kl.md (7)].
  SideCost cost(const Side& side, int64_t codes) const {
    const Sums end = up_to(*side.sums, scale_, codes);
    SideCost result{side.running[static_cast<size_t>(std::min(codes, side.last))],
                    side.sums->total().count - end.count, 0};
    if (codes > side.last) {
      result.cells += scale_ * scale_ / 24 * (end.information - side.last_information);
    }
    if (result.clipped <= 0) return result;
    const double kept =
        kHalf +
        (codes == 0 ? middle_.count : end.count - up_to(*side.sums, scale_, codes - 1).count);
    result.edge = (kept + result.clipped) * std::log1p(result.clipped / kept);
    return result;
  }

  double scale_;
  Sums middle_;
  double middle_cost_ = 0;
  Side above_;
  Side below_;
};

Divergence::Divergence(const TensorStatistics& statistics, int64_t step_count)
    : step_count_(step_count),
      single_cells_(step_count <= kFewSteps ? kFewSteps : kMiddleCells),
      above_(magnitude_buckets(statistics.histogram, false), statistics.extrema.max,
             grouping(step_count)),
      below_(magnitude_buckets(statistics.histogram, true), -statistics.extrema.min,
             grouping(step_count)),
      count_(above_.total().count + below_.total().count) {}

double Divergence::total(const Cells& cells, Split split) const {
  const auto above = cells.above(split.codes_above);
  const auto below = cells.below(split.codes_below);
  const double clipped = above.clipped + below.clipped;
  if (clipped > kMostClipped * count_) return kInfinite;
  double cost = cells.middle_cost() + above.cells + below.cells;
  if (clipped > 0) cost += above.edge + below.edge + count_ * std::log1p(-clipped / count_);
  return cost / count_;
}

double Divergence::operator()(double scale, Split split) const {
  return total(Cells(*this, scale), split);
}

double Divergence::clipped_share(double scale, Split split) const {
  return (clipped_count(above_, scale, split.codes_above) +
          clipped_count(below_, scale, split.codes_below)) /
         count_;
}

Divergence::Result Divergence::best_split(double scale) const {
  const Cells cells(*this, scale);
  // Fewer codes below than `least` leave codes above unused; more than `most` leave some below.
  const int64_t needed_below = codes_needed(below_.max(), scale);
  const int64_t needed_above = codes_needed(above_.max(), scale);
  const int64_t top = step_count_ - std::min<int64_t>(needed_above, 1);
  int64_t most = above_.empty() ? step_count_ : std::min(top, needed_below);
  const int64_t bottom = std::min<int64_t>({needed_below, 1, most});
  int64_t least = std::clamp(step_count_ - needed_above, bottom, most);
  Result best{{step_count_ - least, least}, kInfinite};
  for (int64_t stride = 0; stride != 1;) {
    stride = std::max<int64_t>(1, (most - least) / kSplitRungs);
    for (int64_t k = least; k <= most; k += stride) {
      const Split split{step_count_ - k, k};
      const double divergence = total(cells, split);
      if (divergence < best.divergence) best = {split, divergence};
    }
    least = std::max(least, best.split.codes_below - stride);
    most = std::min(most, best.split.codes_below + stride);
  }
  return best;
}

}  // namespace rangefinder::search
