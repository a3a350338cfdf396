#include "search/excess.h"

#include <algorithm>
#include <cmath>

#include "search/float_key.h"

namespace rangefinder::search {
namespace {

using statistics::ValueHistogram;

/// Borders are looked up one by one as long as an entry may hold less than two of them.
constexpr int64_t kSingleBorders = 2 * ValueHistogram::kBucketsPerOctave;

/// G within the reach of an entry.
double value(const auto& e, double border) {
  const double d = e.upper - border;
  return e.tail_sum + d * (e.tail_count + d * (e.square_term + d * e.cubic_term));
}

/// The moments about a lower border within the reach of an entry [mse.md (3)]; no density.
auto moved_down(const auto& e, double border) {
  const double d = e.upper - border;
  const double h = e.square_term;
  const double c = e.cubic_term;
  auto result = e;
  result.upper = border;
  // Most buckets of a small tensor are empty. What follows gives these same bits, more slowly.
  if (h == 0 && c == 0) {
    result.tail_square_sum += d * (2 * e.tail_sum + d * e.tail_count);
    result.tail_sum += d * e.tail_count;
    return result;
  }
  result.tail_square_sum +=
      d * (2 * e.tail_sum + d * (e.tail_count + d * (2.0 / 3.0 * h + d * c / 2)));
  result.tail_sum += d * (e.tail_count + d * (h + d * c));
  result.tail_count += d * (2 * h + 3 * c * d);
  result.square_term = 0;
  result.cubic_term = 0;
  return result;
}

/// Largest k with (k - 1/2) step <= magnitude.
int64_t borders_up_to(double magnitude, double step) {
  return static_cast<int64_t>(std::floor(std::min(magnitude / step + 0.5, 0x1p62)));
}

}  // namespace

Excess::Excess(const std::vector<Segment>& side) {
  if (side.empty()) return;
  min_ = side.front().lower;
  max_ = side.back().upper;
  first_key_ = key_of(min_);
  const uint32_t last_key = key_of(max_);
  entries_.resize(last_key - first_key_ + 1);
  Entry state{.upper = max_};
  double points_at_min = 0;
  size_t next = side.size();
  for (uint32_t key = last_key + 1; key-- > first_key_;) {
    // Points at the upper end, then at most one spread segment, then a point at the lower end.
    const double bottom = key == first_key_ ? min_ : lower_edge(key);
    while (next > 0 && side[next - 1].lower >= bottom) {
      const Segment& s = side[--next];
      if (s.lower < s.upper) {
        const double width = s.upper - s.lower;
        state.square_term = (s.count / width + s.slope * width / 2) / 2;
        state.cubic_term = -s.slope / 6;
      } else {
        (s.lower == state.upper ? state.tail_count : points_at_min) += s.count;
      }
    }
    entries_[key - first_key_] = state;
    state = moved_down(state, bottom);
  }
  state.tail_count += points_at_min;
  bottom_ = state;
  square_sum_ = bottom_.tail_square_sum + min_ * (2 * bottom_.tail_sum + min_ * bottom_.tail_count);
}

const Excess::Entry& Excess::entry(double border) const {
  return border <= min_ ? bottom_ : entries_[key_of(border) - first_key_];
}

double Excess::operator()(double border) const {
  return border >= max_ ? 0 : value(entry(border), border);
}

double Excess::clipped_square_sum(double border) const {
  return border >= max_ ? 0 : moved_down(entry(border), border).tail_square_sum;
}

double Excess::sum(double step, int64_t count) const {
  const int64_t last = std::min(count, borders_up_to(max_, step));
  const int64_t below = std::min(last, borders_up_to(min_, step));
  const int64_t single = std::min(last, std::max(below, kSingleBorders));
  const double result = sum_of_few(step, below, single, sum_below_min(step, below));
  return single == last ? result : result + sum_of_many(step, single, count);
}

/// The hottest loop of the search: the first border and the last, which rounding may have moved
/// beyond the extremes, are asked for by themselves, so that those between are never compared.
double Excess::sum_of_few(double step, int64_t first, int64_t last, double result) const {
  const auto border = [step](int64_t k) { return (static_cast<double>(k) - 0.5) * step; };
  int64_t k = first + 1;
  for (; k <= last && border(k) <= min_; ++k) result += (*this)(border(k));
  while (k <= last && border(last) >= max_) --last;
  const Entry* const entries = entries_.data();
  for (; k <= last; ++k) {
    const double b = border(k);
    result += value(entries[key_of(b) - first_key_], b);
  }
  return result;
}

double Excess::sum_below_min(double step, int64_t count) const {
  const auto n = static_cast<double>(count);
  const double middle = n / 2 * step;
  return n * (bottom_.tail_sum + (bottom_.upper - middle) * bottom_.tail_count);
}

double Excess::sum_of_many(double step, int64_t first, int64_t last) const {
  const auto at = [this](double x) { return x >= max_ ? Entry{} : moved_down(entry(x), x); };
  const Entry start = at(static_cast<double>(first) * step);
  const Entry end = at(static_cast<double>(last) * step);
  const double integral = (start.tail_square_sum - end.tail_square_sum) / 2;
  return integral / step - step / 24 * (start.tail_count - end.tail_count);
}

}  // namespace rangefinder::search
