#pragma once

#include <cstdint>
#include <vector>

#include "search/density.h"

namespace rangefinder::search {

/// G(b) = sum of (x - b) over all x > b, of one side of a density [mse.md (2)].
///
/// All that the mean squared error needs to know: with levels v_0 = 0 < v_1 < ... and borders
/// b_k half-way between them, the squared error of a side is S2 - 2 sum (v_k - v_(k-1)) G(b_k).
/// G is convex, decreasing and piecewise cubic.
/// Cost: O(1) for a value through a table over the float keys of the side, 48 bytes per bucket
/// between its smallest and its largest; built in O(that).
class Excess {
 public:
  explicit Excess(const std::vector<Segment>& side);

  bool empty() const { return max_ == 0; }
  double max() const { return max_; }
  /// Sum of x^2.
  double square_sum() const { return square_sum_; }
  /// G(border); border >= 0.
  double operator()(double border) const;
  /// H(border): sum of (x - border)^2 over all x > border, the clipping part of the error.
  double clipped_square_sum(double border) const;
  /// Sum of G((k - 1/2) step) for k = 1 .. count. Cost: O(min(count, 256)): the borders beyond,
  /// closer than buckets are wide, are summed by the Euler-Maclaurin formula [mse.md (6)].
  double sum(double step, int64_t count) const;

 private:
  /// What holds between `upper` and the entry below: the values above as moments about `upper`, and
  /// the density of its own values there and its slope as coefficients of G [mse.md (3)].
  struct Entry {
    double upper = 0;
    double tail_count = 0;
    double tail_sum = 0;
    double tail_square_sum = 0;
    double square_term = 0;
    double cubic_term = 0;
  };
  const Entry& entry(double border) const;
  double sum_below_min(double step, int64_t count) const;
  /// `result` and, in this order, G at the borders first + 1 .. last.
  double sum_of_few(double step, int64_t first, int64_t last, double result) const;
  /// Borders first + 1 .. last.
  double sum_of_many(double step, int64_t first, int64_t last) const;

  std::vector<Entry> entries_;
  uint32_t first_key_ = 0;
  double min_ = 0;
  double max_ = 0;
  /// G and count at min_: below it G is a straight line.
  Entry bottom_;
  double square_sum_ = 0;
};

}  // namespace rangefinder::search
