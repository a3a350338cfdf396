#include "refine/round_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/parallel.h"
#include "passes/pair_sums.h"
#include "refine/simd/multiply_add.h"

// With L of factorize() and errors e = real - code, the loss of a channel is |L e|^2, and element j
// of L e is L_jj e_j + (what the errors before j add, `sums_`). So the real number that column j
// would best be rounded from is real_j + sums_j / L_jj. What the columns of earlier blocks add is
// one product of matrices for a block of columns; within it every column adds its own to those that
// follow. Channels do not depend on each other: each core takes kChannels of them at a time.

namespace rangefinder::refine {
namespace {

constexpr size_t kChannels = 64;
/// Even: no pair is parted.
constexpr size_t kColumns = 32;

int nearest_code(float target, int least, int most) {
  return static_cast<int>(
      std::nearbyint(std::clamp(target, static_cast<float>(least), static_cast<float>(most))));
}

/// The channels that one core rounds at a time.
class ChannelWalk {
 public:
  ChannelWalk(const SquareMatrix& factor, const ChannelWeights& weights, size_t first)
      : factor_(factor),
        weights_(weights),
        first_(first),
        count_(std::min(kChannels, weights.channels - first)),
        errors_(weights.columns * kChannels),
        sums_(kColumns * kChannels),
        codes_(weights.columns * kChannels) {}

  /// The losses of the codes that choose(column, channel) gives, asked for column by column.
  template <class Choose>
  std::vector<double> walk(Choose choose) {
    std::vector<double> losses(count_);
    for (size_t begin = 0; begin < weights_.columns; begin += kColumns) {
      const size_t end = std::min(begin + kColumns, weights_.columns);
      start_block(begin, end);
      for (size_t j = begin; j < end; ++j) {
        for (size_t c = 0; c < count_; ++c) code(j, c) = static_cast<int8_t>(choose(j, c));
        settle(j, end, losses);
      }
    }
    return losses;
  }

  int8_t& code(size_t j, size_t c) { return codes_[j * kChannels + c]; }
  int8_t given(size_t j, size_t c) const { return weights_.codes[place(j, c)]; }

  /// What the column would best be rounded from.
  float target(size_t j, size_t c) const { return real(j, c) + sum(j, c) / pivot(j); }

  PairTargets pair(size_t j, size_t c) const {
    const float slope = factor_.row(j + 1)[j] / pivot(j + 1);
    return {target(j, c), pivot(j) * pivot(j), target(j + 1, c) + slope * real(j, c), slope,
            pivot(j + 1) * pivot(j + 1)};
  }

 private:
  size_t place(size_t j, size_t c) const { return j * weights_.channels + first_ + c; }
  float real(size_t j, size_t c) const { return weights_.reals[place(j, c)]; }
  float pivot(size_t j) const { return factor_.row(j)[j]; }
  float sum(size_t j, size_t c) const { return sums_[j % kColumns * kChannels + c]; }

  void start_block(size_t begin, size_t end) {
    std::fill(sums_.begin(), sums_.end(), 0.0f);
    simd::multiply_add({factor_.row(begin), factor_.size, 1}, errors_.data(), kChannels,
                       {sums_.data(), kChannels}, {end - begin, kChannels, begin});
  }

  /// Adds up what the errors of column j cost, and what they add to the columns behind it.
  void settle(size_t j, size_t end, std::vector<double>& losses) {
    float* errors = errors_.data() + j * kChannels;
    for (size_t c = 0; c < count_; ++c) {
      errors[c] = real(j, c) - static_cast<float>(code(j, c));
      const double cost = static_cast<double>(pivot(j) * errors[c] + sum(j, c));
      losses[c] += cost * cost;
    }
    for (size_t i = j + 1; i < end; ++i) {
      const float share = factor_.row(i)[j];
      float* sums = sums_.data() + i % kColumns * kChannels;
      for (size_t c = 0; c < kChannels; ++c) sums[c] += share * errors[c];
    }
  }

  const SquareMatrix& factor_;
  const ChannelWeights& weights_;
  size_t first_;
  size_t count_;
  std::vector<float> errors_;
  std::vector<float> sums_;
  std::vector<int8_t> codes_;
};

int choose_code(ChannelWalk& walk, const ChannelWeights& weights, const CodeLimits& limits,
                size_t j, size_t c) {
  if (!limits.bound_pairs) return nearest_code(walk.target(j, c), -limits.largest, limits.largest);
  if (j % 2 == 0) {
    if (j + 1 == weights.columns)
      return nearest_code(walk.target(j, c), -limits.largest, limits.largest);
    return first_code_of_pair(walk.pair(j, c), limits.largest);
  }
  const int first = walk.code(j - 1, c);
  return nearest_code(walk.target(j, c),
                      std::max(-limits.largest, -passes::kLargestPairSum - first),
                      std::min(limits.largest, passes::kLargestPairSum - first));
}

void require_fit(const SquareMatrix& factor, const ChannelWeights& weights) {
  const size_t count = weights.columns * weights.channels;
  if (factor.size != weights.columns || weights.reals.size() != count ||
      weights.codes.size() != count) {
    throw std::invalid_argument(
        fmt::format("{} weights and {} codes of {} columns by {} channels, and a factor of size {}",
                    weights.reals.size(), weights.codes.size(), weights.columns, weights.channels,
                    factor.size));
  }
  if (!std::all_of(weights.reals.begin(), weights.reals.end(),
                   [](float real) { return std::isfinite(real); })) {
    throw std::invalid_argument("a weight is not finite");
  }
}

}  // namespace

int first_code_of_pair(const PairTargets& targets, int largest) {
  const int first = nearest_code(targets.first, -largest, largest);
  const float wanted = targets.second - targets.slope * static_cast<float>(first);
  const int sum = first + nearest_code(wanted, -largest, largest);
  if (std::abs(sum) <= passes::kLargestPairSum) return first;
  // The second code is what the first leaves: a parabola in the first.
  const int sign = sum > 0 ? 1 : -1;
  const auto most = static_cast<float>(sign * passes::kLargestPairSum);
  const float rest = 1 - targets.slope;
  const float best = (targets.first_weight * targets.first -
                      targets.second_weight * rest * (targets.second - most)) /
                     (targets.first_weight + targets.second_weight * rest * rest);
  const int least = passes::kLargestPairSum - largest;
  return sign * nearest_code(static_cast<float>(sign) * best, least, largest);
}

std::vector<ChannelLoss> round_weights(const SquareMatrix& factor, const CodeLimits& limits,
                                       ChannelWeights& weights) {
  require_fit(factor, weights);
  std::vector<ChannelLoss> losses(weights.channels);
  parallel_for((weights.channels + kChannels - 1) / kChannels, [&](size_t chunk) {
    const size_t first = chunk * kChannels;
    ChannelWalk walk(factor, weights, first);
    const auto before = walk.walk([&](size_t j, size_t c) { return walk.given(j, c); });
    const auto after =
        walk.walk([&](size_t j, size_t c) { return choose_code(walk, weights, limits, j, c); });
    for (size_t c = 0; c < before.size(); ++c) {
      const bool is_better = after[c] < before[c];
      losses[first + c] = {before[c], is_better ? after[c] : before[c]};
      if (!is_better) continue;
      for (size_t j = 0; j < weights.columns; ++j)
        weights.codes[j * weights.channels + first + c] = walk.code(j, c);
    }
  });
  return losses;
}

}  // namespace rangefinder::refine
