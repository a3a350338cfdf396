#pragma once

#include <cstdint>
#include <vector>

#include "quantization/affine.h"
#include "search/split.h"

namespace rangefinder::search {

/// The divergence of docs/numerics/kl.md from raw values: sorted and counted into groups, which are
/// found again by binary search.
class RawDivergence {
 public:
  RawDivergence(const std::vector<float>& values, const quantization::Grid& grid);

  double operator()(double scale, Split split) const;
  /// Of the values that are not zero.
  double count() const { return n_; }
  /// Least divergence over 128 scales an octave and every split that the search may take.
  double best_by_brute_force() const;

 private:
  struct Sums {
    double n = 0, entropy = 0, width = 0, groups = 0, information = 0;
  };
  struct Group {
    double lower, upper, n, width, information;
  };
  struct Side {
    std::vector<double> lower, upper;  // Of the groups.
    std::vector<Sums> before, inside;
    double max = 0;

    explicit Side(std::vector<double> magnitudes, bool few_steps);
    Sums below(double border) const;
  };
  static double cell_cost(const Sums& cell);
  double best_of_all_splits(double scale) const;

  quantization::Grid grid_;
  bool few_steps_;
  Side above_;
  Side below_;
  double n_;
};

}  // namespace rangefinder::search
