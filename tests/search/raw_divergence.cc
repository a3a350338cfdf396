#include "raw_divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace rangefinder::search {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

std::vector<double> magnitudes(const std::vector<float>& values, bool negative) {
  std::vector<double> result;
  for (const float x : values) {
    if (negative ? x < 0 : x > 0) result.push_back(std::abs(static_cast<double>(x)));
  }
  std::ranges::sort(result);
  return result;
}

/// Lower edge and width of the bucket of x: 128 to an octave, even below 2^-126.
std::pair<double, double> bucket_of(double x) {
  const double octave = std::exp2(std::max(std::floor(std::log2(x)), -126.0));
  const double width = octave / 128;
  return {std::floor(x / width) * width, width};
}

/// Eighths of an octave.
int64_t block(double lower) {
  const double octave = std::exp2(std::max(std::floor(std::log2(lower)), -126.0));
  const auto eighth = static_cast<int64_t>(std::floor(lower / octave * 8));
  return static_cast<int64_t>(std::log2(octave)) * 64 + eighth;
}

}  // namespace

RawDivergence::Side::Side(std::vector<double> sorted, bool few_steps) {
  if (sorted.empty()) return;
  max = sorted.back();
  std::vector<double> counts;
  for (const double x : sorted) {
    const auto [low, width] = bucket_of(x);
    if (lower.empty() || lower.back() != low) {
      lower.push_back(low);
      upper.push_back(low + width);
      counts.push_back(0);
    }
    ++counts.back();
  }
  std::vector<Group> groups;
  for (size_t i = 0; i < lower.size(); ++i) {
    const bool full = !groups.empty() && few_steps && groups.back().n >= 32;
    if (groups.empty() || full || block(lower[i]) != block(groups.back().lower)) {
      groups.push_back({lower[i], 0, 0, 0, 0});
    }
    groups.back().upper = upper[i];
    groups.back().n += counts[i];
    groups.back().width = upper[i] - groups.back().lower;
  }
  for (size_t g = 1; g + 1 < groups.size(); ++g) {
    const Group &a = groups[g - 1], &c = groups[g + 1];
    Group& b = groups[g];
    if (a.upper != b.lower || b.upper != c.lower) continue;
    const double pa = a.n / a.width, pb = b.n / b.width, pc = c.n / c.width;
    const double run = (c.lower + c.upper - a.lower - a.upper) / 2;
    const double square = (pc - pa) * (pc - pa) - pa / a.width - pc / c.width;
    b.information = b.n * square / (run * run * pb * pb);
  }
  Sums total;
  lower.clear();
  upper.clear();
  for (const Group& g : groups) {
    const Sums in{g.n, g.n * std::log(g.n / g.width), g.width, 1, g.information};
    lower.push_back(g.lower);
    upper.push_back(g.upper);
    before.push_back(total);
    inside.push_back(in);
    total = {total.n + in.n, total.entropy + in.entropy, total.width + in.width,
             total.groups + in.groups, total.information + in.information};
  }
  before.push_back(total);
}

RawDivergence::Sums RawDivergence::Side::below(double border) const {
  if (lower.empty()) return {};
  if (border >= max * (1 - 0x1p-20)) return before.back();
  const auto next = std::ranges::upper_bound(lower, border) - lower.begin();
  if (next == 0) return {};
  const auto i = static_cast<size_t>(next - 1);
  const double share = std::min(1.0, (border - lower[i]) / (upper[i] - lower[i]));
  const Sums &b = before[i], &in = inside[i];
  return {b.n + share * in.n, b.entropy + share * in.entropy, b.width + share * in.width,
          b.groups + share * in.groups, b.information + share * in.information};
}

RawDivergence::RawDivergence(const std::vector<float>& values, const quantization::Grid& grid)
    : grid_(grid),
      few_steps_(grid.step_count() <= 31),
      above_(magnitudes(values, false), few_steps_),
      below_(magnitudes(values, true), few_steps_),
      n_(0) {
  for (const Side* side : {&above_, &below_}) {
    if (!side->before.empty()) n_ += side->before.back().n;
  }
}

double RawDivergence::cell_cost(const Sums& cell) {
  if (cell.n <= 0) return 0;
  return cell.entropy - cell.n * std::log(cell.n / cell.width) - std::max(0.0, cell.groups - 1) / 2;
}

double RawDivergence::operator()(double scale, Split split) const {
  const auto minus = [](const Sums& a, const Sums& b) {
    return Sums{a.n - b.n, a.entropy - b.entropy, a.width - b.width, a.groups - b.groups,
                a.information - b.information};
  };
  const Sums up = above_.below(scale / 2);
  const Sums down = below_.below(scale / 2);
  const Sums middle{up.n + down.n, up.entropy + down.entropy, up.width + down.width,
                    up.groups + down.groups, up.information + down.information};
  double cost = cell_cost(middle);
  double clipped_in_all = 0;
  double edges = 0;
  const auto add_side = [&](const Side& side, int64_t codes) {
    if (side.lower.empty()) return;
    const int64_t single = few_steps_ ? codes : std::min<int64_t>(codes, 4);
    for (int64_t k = 1; k <= single; ++k) {
      const auto x = static_cast<double>(k);
      cost += cell_cost(minus(side.below((x + 0.5) * scale), side.below((x - 0.5) * scale)));
    }
    const double end = (static_cast<double>(codes) + 0.5) * scale;
    const double start = (static_cast<double>(single) + 0.5) * scale;
    const Sums last = side.below(end);
    cost += scale * scale / 24 * (last.information - side.below(start).information);
    const double clipped = side.before.back().n - last.n;
    if (clipped <= 0) return;
    const double edge = 0.5 + (codes == 0 ? middle.n : last.n - side.below(end - scale).n);
    edges += (edge + clipped) * std::log((edge + clipped) / edge);
    clipped_in_all += clipped;
  };
  add_side(above_, split.codes_above);
  add_side(below_, split.codes_below);
  if (clipped_in_all > 0.2501 * n_) return kInfinite;
  return (cost + edges + n_ * std::log(1 - clipped_in_all / n_)) / n_;
}

double RawDivergence::best_of_all_splits(double scale) const {
  if (grid_.symmetric) return (*this)(scale, symmetric_split(grid_));
  const int64_t steps = grid_.step_count();
  const int64_t least = below_.max > scale / 2 ? 1 : 0;
  const int64_t most = above_.max > scale / 2 ? steps - 1 : steps;
  if (below_.max == 0) return (*this)(scale, {steps, 0});
  if (above_.max == 0) return (*this)(scale, {0, steps});
  double best = kInfinite;
  for (int64_t below = least; below <= most; ++below) {
    best = std::min(best, (*this)(scale, {steps - below, below}));
  }
  return best;
}

double RawDivergence::best_by_brute_force() const {
  const auto widest = quantization::affine_from_range({-below_.max, above_.max}, grid_);
  double best = kInfinite;
  for (int i = 0; i < 128 * 12; ++i) {
    const double scale = widest.scale * std::exp2(-i / 128.0);
    if (scale < std::numeric_limits<float>::min()) break;
    const double here = best_of_all_splits(quantization::representable_scale(scale));
    const double steps = static_cast<double>(grid_.step_count()) + 0.5;
    const double kept = above_.below(steps * scale).n + below_.below(steps * scale).n;
    if (kept < 0.7 * n_) break;
    best = std::min(best, here);
  }
  return best;
}

}  // namespace rangefinder::search
