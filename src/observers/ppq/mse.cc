#include "observers/ppq/mse.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "observers/ppq/affine.h"

namespace rangefinder::observers::ppq {
namespace {

// The sweep of the start, in bins, of asymmetric ranges (OBSERVER_MSE_COMPUTE_INTERVAL).
constexpr size_t kStartInterval = 8;

struct Candidate {
  size_t start;
  size_t step;
  size_t end;
};

// Keeps the first of the candidates with the least loss.
struct Best {
  Candidate candidate = {};
  double loss = std::numeric_limits<double>::infinity();

  void offer(const Candidate& other, double other_loss) {
    if (other_loss < loss) *this = {other, other_loss};
  }
};

// Sum of count * error^2, the error of a bin being its distance to the nearest code in bins. All
// terms are multiples of 1/16, so that the sum is exact and its order does not matter.
double loss_of(const Candidate& c, std::span<const int64_t> counts) {
  double loss = 0;
  size_t left = 0;  // (i - start) mod step, kept by counting
  for (size_t i = 0; i < counts.size(); ++i) {
    double error = 0;
    if (i < c.start) {
      error = static_cast<double>(c.start - i) - 0.5;
    } else if (i > c.end) {
      error = static_cast<double>(i - c.end) + 0.5;
    } else {
      const size_t right = c.step - left - 1;
      error = static_cast<double>(std::min(left, right)) + (left == right ? 0.25 : 0.5);
      left = left + 1 == c.step ? 0 : left + 1;
    }
    loss += static_cast<double>(counts[i]) * error * error;
  }
  return loss;
}

}  // namespace

quantization::AffineParameters Mse::search() const {
  const size_t levels = config().level_count();
  return config().is_symmetric() ? search_symmetric(levels) : search_asymmetric(levels);
}

quantization::AffineParameters Mse::search_symmetric(size_t levels) const {
  const size_t largest = counts().size() / levels;
  Best best;
  const auto offer = [&](size_t step) {
    const Candidate candidate = {0, step, levels * step};
    best.offer(candidate, loss_of(candidate, counts()));
  };
  offer(largest + 1);
  for (size_t step = 1; step <= largest; ++step) offer(step);
  const double range = static_cast<double>(best.candidate.end) * bin_width();
  return affine_from_range(-range, range, config()).rounded();
}

quantization::AffineParameters Mse::search_asymmetric(size_t levels) const {
  const size_t bins = counts().size();
  const size_t largest = bins / levels;
  Best best;
  const Candidate fallback = {0, largest + 1, levels * (largest + 1)};
  best.offer(fallback, loss_of(fallback, counts()));
  for (size_t start = 0; start < bins; start += kStartInterval) {
    if (static_cast<double>(start) * bin_width() + min() > 0) break;
    for (size_t step = 1; step <= largest; ++step) {
      const Candidate candidate = {start, step, start + levels * step};
      if (candidate.end > bins + levels) continue;
      best.offer(candidate, loss_of(candidate, counts()));
    }
  }
  const double low = static_cast<double>(best.candidate.start) * bin_width() + min();
  const double high = static_cast<double>(best.candidate.end) * bin_width() + min();
  return affine_from_range(low, high, config()).rounded();
}

}  // namespace rangefinder::observers::ppq
