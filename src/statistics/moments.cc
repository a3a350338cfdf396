#include "statistics/moments.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rangefinder::statistics {
namespace {

/// A sum of doubles with Neumaier's compensation (Neumaier 1974).
class CompensatedSum {
 public:
  void add(double term) {
    const double sum = sum_ + term;
    compensation_ += std::fabs(sum_) >= std::fabs(term) ? (sum_ - sum) + term : (term - sum) + sum_;
    sum_ = sum;
  }
  double value() const { return sum_ + compensation_; }

 private:
  double sum_ = 0;
  double compensation_ = 0;
};

struct Point {
  double value;
  double weight;
};

/// Weights sum to 1.
std::vector<Point> points(const TensorStatistics& statistics) {
  const auto total = static_cast<double>(statistics.histogram.count());
  const double min = statistics.extrema.min;
  const double max = statistics.extrema.max;
  std::vector<Point> result;
  for (const Bucket& bucket : statistics.histogram.buckets()) {
    const double middle = (std::max(bucket.lower, min) + std::min(bucket.upper, max)) / 2;
    result.push_back({middle, static_cast<double>(bucket.count) / total});
  }
  return result;
}

template <class Term>
double weighted_sum(const std::vector<Point>& points, Term term) {
  CompensatedSum sum;
  for (const Point& point : points) sum.add(point.weight * term(point.value));
  return sum.value();
}

}  // namespace

std::optional<Moments> moments(const TensorStatistics& statistics) {
  if (!statistics.extrema.has_range()) return {};
  const std::vector<Point> all = points(statistics);
  // About the range's middle, so that constant data gives its value to the last bit.
  const double origin = all.front().value / 2 + all.back().value / 2;
  const double mean = origin + weighted_sum(all, [&](double x) { return x - origin; });
  const auto square = [](double x) { return x * x; };
  const double variance = weighted_sum(all, [&](double x) { return square(x - mean); });
  const double mean_square = weighted_sum(all, square);
  // The stand-ins' own root mean square is at most 1 + delta times the true one, and the other way
  // round; 2^-40 covers rounding, and 2^-134 half a bucket of subnormals.
  const double delta = std::ldexp(1.0, -(ValueHistogram::kMantissaBits + 1));
  const double bound = std::sqrt(mean_square) * (delta / (1 - delta) + 0x1p-40) + 0x1p-134;
  return Moments{mean, std::sqrt(variance), bound};
}

}  // namespace rangefinder::statistics
