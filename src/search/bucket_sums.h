#pragma once

#include <cstdint>
#include <vector>

#include "search/density.h"

namespace rangefinder::search {

/// What a stretch of one side holds, with the density evened out over each group of buckets; parts
/// count as shares [kl.md (3)].
struct Sums {
  /// Values.
  double count = 0;
  /// Sum of n ln(n / width) over the groups.
  double entropy = 0;
  /// Covered by groups.
  double width = 0;
  double groups = 0;
  /// Integral of p'^2 / p, without what chance adds to it.
  double information = 0;

  Sums& operator+=(const Sums& other);
  friend Sums operator+(Sums a, const Sums& b) { return a += b; }
  friend Sums operator-(Sums a, const Sums& b) { return a += b * -1; }
  friend Sums operator*(const Sums& a, double share) {
    return {a.count * share, a.entropy * share, a.width * share, a.groups * share,
            a.information * share};
  }
};

/// How neighbouring buckets and the gaps between them are joined into groups of even density: a
/// group ends when it holds `enough` values, at a multiple of 1 / kGroupsPerOctave octave at the
/// latest.
struct Grouping {
  static constexpr uint32_t kGroupsPerOctave = 8;
  double enough;
};

/// Sums over the buckets of one side below any border, each group's values spread evenly over
/// it.
/// Cost: O(1) through a table over the float keys of the side; 96 bytes per bucket between its
/// smallest and its largest.
class BucketSums {
 public:
  /// Whole buckets in ascending order of magnitude; `max` is the largest magnitude in them.
  BucketSums(const std::vector<Segment>& buckets, double max, Grouping grouping);

  bool empty() const { return entries_.empty(); }
  double max() const { return max_; }
  const Sums& total() const { return total_; }
  /// Everything at a border of max() and above, or less than 2^-20 of it below.
  Sums below(double border) const;

 private:
  /// Gives each bucket from lower to upper its share.
  void spread(double lower, double upper, const Sums& sums);

  struct Entry {
    double lower = 0;
    double inverse_width = 0;
    Sums below;
    Sums inside;
  };

  std::vector<Entry> entries_;
  uint32_t first_key_ = 0;
  double max_ = 0;
  Sums total_;
};

}  // namespace rangefinder::search
