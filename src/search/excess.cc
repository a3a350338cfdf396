#include "search/excess.h"

#include <algorithm>
#include <cmath>

#include "search/float_key.h"

namespace rangefinder::search {
namespace {

using statistics::ValueHistogram;

/// Borders are looked up one by one as long as an entry holds about two of them at most.
constexpr int64_t kSingleBorders = 2 * ValueHistogram::kBucketsPerOctave;

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
  size_t next = side.size();
  for (uint32_t key = last_key + 1; key-- > first_key_;) {
    // Points at the upper end, then at most one spread segment, then a point at the lower end.
    Entry& e = entries_[key - first_key_];
    const double top = key == last_key ? max_ : lower_edge(key + 1);
    move_down(state, top);
    const double bottom = key == first_key_ ? min_ : lower_edge(key);
    e = state;
    while (next > 0 && side[next - 1].lower >= bottom) {
      const Segment& s = side[--next];
      if (s.lower < s.upper) {
        const double width = s.upper - s.lower;
        e.square_term = (s.count / width + s.slope * width / 2) / 2;
        e.cubic_term = -s.slope / 6;
      } else if (s.lower == top) {
        e.tail_count += s.count;
      } else {
        bottom_.tail_count += s.count;
      }
    }
    state = e;
    move_down(state, bottom);
    state.square_term = 0;
    state.cubic_term = 0;
  }
  state.tail_count += bottom_.tail_count;
  bottom_ = state;
  square_sum_ = bottom_.tail_square_sum + min_ * (2 * bottom_.tail_sum + min_ * bottom_.tail_count);
}

/// Re-expresses the moments about a lower border within the entry's reach [mse.md (3)].
void Excess::move_down(Entry& state, double border) const {
  const double d = state.upper - border;
  const double h = state.square_term;
  const double c = state.cubic_term;
  state.tail_square_sum +=
      d * (2 * state.tail_sum + d * (state.tail_count + d * (2.0 / 3.0 * h + d * c / 2)));
  state.tail_sum += d * (state.tail_count + d * (h + d * c));
  state.tail_count += d * (2 * h + 3 * c * d);
  state.upper = border;
}

const Excess::Entry& Excess::entry(double border) const {
  return entries_[key_of(border) - first_key_];
}

double Excess::operator()(double border) const {
  if (border >= max_) return 0;
  const Entry& e = border <= min_ ? bottom_ : entry(border);
  const double d = e.upper - border;
  return e.tail_sum + d * (e.tail_count + d * (e.square_term + d * e.cubic_term));
}

double Excess::clipped_square_sum(double border) const {
  if (border >= max_) return 0;
  Entry state = border <= min_ ? bottom_ : entry(border);
  move_down(state, border);
  return state.tail_square_sum;
}

double Excess::sum(double step, int64_t count) const {
  const int64_t last = std::min(count, borders_up_to(max_, step));
  const int64_t below = std::min(last, borders_up_to(min_, step));
  double result = sum_below_min(step, 1, below);
  const int64_t single = std::min(last, std::max(below, kSingleBorders));
  for (int64_t k = below + 1; k <= single; ++k) {
    result += (*this)((static_cast<double>(k) - 0.5) * step);
  }
  return result + sum_by_entry(step, single + 1, last);
}

double Excess::sum_below_min(double step, int64_t first, int64_t last) const {
  const auto n = static_cast<double>(last - first + 1);
  const double middle = (static_cast<double>(first + last) - 1) / 2 * step;
  return n * (bottom_.tail_sum + (bottom_.upper - middle) * bottom_.tail_count);
}

/// The borders of one entry are an arithmetic progression: sums of j, j^2, j^3 [mse.md (6)].
double Excess::sum_by_entry(double step, int64_t first, int64_t last) const {
  double result = 0;
  while (first <= last) {
    const double border = (static_cast<double>(first) - 0.5) * step;
    if (border >= max_) break;
    const Entry& e = entry(border);
    const int64_t end = std::clamp(borders_up_to(e.upper, step), first, last);
    const auto n = static_cast<double>(end - first + 1);
    const double d = e.upper - border;
    const double j = n * (n - 1) / 2 * step;
    const double j2 = j * (2 * n - 1) / 3 * step;
    const double d_sum = n * d - j;
    const double d2_sum = d * (n * d - 2 * j) + j2;
    const double d3_sum = d * (d * (n * d - 3 * j) + 3 * j2) - j * j * step;
    result +=
        n * e.tail_sum + e.tail_count * d_sum + e.square_term * d2_sum + e.cubic_term * d3_sum;
    first = end + 1;
  }
  return result;
}

}  // namespace rangefinder::search
