#include "refine/round_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/parallel.h"
#include "passes/pair_sums.h"
#include "refine/error_factor.h"
#include "refine/problems.h"

namespace rangefinder::refine {
namespace {

using Matrix = std::vector<std::vector<double>>;

SquareMatrix factor_of(const SquareMatrix& gram) {
  SquareMatrix factor = gram;
  EXPECT_TRUE(factorize(factor));
  return factor;
}

// ---- GPTQ as it is published, in plain loops and float64 ----

/// By Gauss and Jordan.
Matrix inverse(Matrix a) {
  const size_t n = a.size();
  Matrix result(n, std::vector<double>(n));
  for (size_t i = 0; i < n; ++i) result[i][i] = 1;
  for (size_t pivot = 0; pivot < n; ++pivot) {
    const double divisor = a[pivot][pivot];
    for (size_t j = 0; j < n; ++j) a[pivot][j] /= divisor, result[pivot][j] /= divisor;
    for (size_t i = 0; i < n; ++i) {
      if (i == pivot) continue;
      const double factor = a[i][pivot];
      for (size_t j = 0; j < n; ++j) {
        a[i][j] -= factor * a[pivot][j];
        result[i][j] -= factor * result[pivot][j];
      }
    }
  }
  return result;
}

/// Upper triangular U with U^T U = a.
Matrix upper_cholesky(const Matrix& a) {
  const size_t n = a.size();
  Matrix u(n, std::vector<double>(n));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i; j < n; ++j) {
      double rest = a[i][j];
      for (size_t k = 0; k < i; ++k) rest -= u[k][i] * u[k][j];
      u[i][j] = i == j ? std::sqrt(rest) : rest / u[i][i];
    }
  }
  return u;
}

/// Algorithm 1 of arXiv:2210.17323, one column at a time.
std::vector<int8_t> published_codes(const Matrix& h, const ChannelWeights& weights, int largest) {
  const Matrix u = upper_cholesky(inverse(h));
  std::vector<int8_t> codes(weights.codes.size());
  for (size_t c = 0; c < weights.channels; ++c) {
    std::vector<double> w;
    for (size_t k = 0; k < weights.columns; ++k)
      w.push_back(static_cast<double>(weights.reals[k * weights.channels + c]));
    for (size_t k = 0; k < w.size(); ++k) {
      const double code = std::clamp(std::nearbyint(w[k]), -1.0 * largest, 1.0 * largest);
      codes[k * weights.channels + c] = static_cast<int8_t>(code);
      const double error = (w[k] - code) / u[k][k];
      for (size_t j = k + 1; j < w.size(); ++j) w[j] -= error * u[k][j];
    }
  }
  return codes;
}

TEST(RoundWeights, GivesTheCodesOfThePublishedAlgorithm) {
  for (const size_t columns : {1, 2, 31, 32, 33, 75}) {
    const SquareMatrix gram = gram_matrix(make_rows(3 * columns + 5, columns, 0.5f));
    ChannelWeights weights = make_weights(columns, 70);
    const Matrix h = damped(gram, kDamping);
    const auto published = published_codes(h, weights, 127);
    const ChannelWeights nearest = weights;
    const auto losses = round_weights(factor_of(gram), {}, weights);
    for (size_t c = 0; c < weights.channels; ++c) {
      const bool is_better = losses[c].after < losses[c].before;
      for (size_t k = 0; k < columns; ++k) {
        const size_t place = k * weights.channels + c;
        ASSERT_EQ(weights.codes[place], (is_better ? published : nearest.codes)[place])
            << columns << " columns: " << k << ", " << c;
      }
    }
  }
}

// ---- What it is for ----

TEST(RoundWeights, LossesAreTheQuadraticForms) {
  const SquareMatrix gram = gram_matrix(make_rows(200, 45, 0.4f));
  ChannelWeights weights = make_weights(45, 5);
  const ChannelWeights nearest = weights;
  const auto losses = round_weights(factor_of(gram), {}, weights);
  const Matrix h = damped(gram, kDamping);
  for (size_t c = 0; c < weights.channels; ++c) {
    const double before = quadratic_form(h, weights, nearest.codes, c);
    const double after = quadratic_form(h, weights, weights.codes, c);
    EXPECT_NEAR(losses[c].before, before, 1e-4 * before);
    EXPECT_NEAR(losses[c].after, after, 1e-4 * before);
    EXPECT_LE(losses[c].after, losses[c].before);
  }
}

double gain(float shared, const CodeLimits& limits = {}) {
  const SquareMatrix gram = gram_matrix(make_rows(600, 96, shared));
  ChannelWeights weights = make_weights(96, 64);
  double before = 0;
  double after = 0;
  for (const ChannelLoss& loss : round_weights(factor_of(gram), limits, weights)) {
    EXPECT_LE(loss.after, loss.before);
    before += loss.before;
    after += loss.after;
  }
  return before / after;
}

// What the columns have in common is one direction, whose error can be made up for entirely; its
// share of the error of nearest codes is shared^2 : (1 - shared)^2.
TEST(RoundWeights, TheErrorFallsWhereInputsAreCorrelated) {
  for (const float shared : {0.3f, 0.5f, 0.7f, 0.8f}) {
    const double ratio = std::pow(static_cast<double>(shared / (1 - shared)), 2);
    EXPECT_GT(gain(shared), 0.8 * (1 + ratio)) << shared;
  }
}

TEST(RoundWeights, TheErrorOfIndependentInputsDoesNotRise) {
  const double white = gain(0);
  EXPECT_GE(white, 1);
  EXPECT_LT(white, 1.3);
}

// Undamped too: nearest codes have the smallest squared errors, so what damping adds favours them.
TEST(RoundWeights, NoChannelIsWorseWithoutTheDamping) {
  for (const float shared : {0.0f, 0.3f, 0.8f}) {
    const SquareMatrix gram = gram_matrix(make_rows(60, 40, shared));
    ChannelWeights weights = make_weights(40, 30);
    const ChannelWeights nearest = weights;
    round_weights(factor_of(gram), {}, weights);
    const Matrix h = damped(gram, 0);
    for (size_t c = 0; c < weights.channels; ++c) {
      EXPECT_LE(quadratic_form(h, weights, weights.codes, c),
                quadratic_form(h, weights, nearest.codes, c) * (1 + 1e-6));
    }
  }
}

// ---- Laws ----

TEST(RoundWeights, IsTheSameForAnyNumberOfCores) {
  const SquareMatrix factor = factor_of(gram_matrix(make_rows(50, 70, 0.5f)));
  ChannelWeights all = make_weights(70, 200);
  ChannelWeights single = all;
  round_weights(factor, {.bound_pairs = true}, all);
  const CoreLimit one(1);
  round_weights(factor, {.bound_pairs = true}, single);
  EXPECT_EQ(all.codes, single.codes);
}

TEST(RoundWeights, DegenerateInputsKeepCodesWithinReach) {
  // One row: the first columns are as they were, no output of it is worse.
  const CodeRows one = make_rows(1, 50, 0.5f);
  CodeRows repeated = one;
  for (int i = 0; i < 20; ++i)
    repeated.codes.insert(repeated.codes.end(), one.codes.begin(), one.codes.end());
  // And columns that are always zero.
  for (size_t i = 0; i < repeated.codes.size(); ++i) {
    if (i % 50 % 7 == 3) repeated.codes[i] = 128;
  }
  const SquareMatrix gram = gram_matrix(repeated);
  ChannelWeights weights = make_weights(50, 9);
  const ChannelWeights nearest = weights;
  round_weights(factor_of(gram), {}, weights);
  const Matrix h = damped(gram, 0);
  for (size_t c = 0; c < weights.channels; ++c) {
    EXPECT_LE(quadratic_form(h, weights, weights.codes, c),
              quadratic_form(h, weights, nearest.codes, c));
    for (size_t k = 3; k < 50; k += 7)
      EXPECT_EQ(weights.codes[k * 9 + c], nearest.codes[k * 9 + c]);
  }
}

TEST(RoundWeights, ZerosStayZeros) {
  const SquareMatrix factor = factor_of(gram_matrix(make_rows(50, 20, 0.5f)));
  ChannelWeights weights = make_weights(20, 3);
  for (size_t k = 0; k < 20; ++k) weights.reals[k * 3 + 1] = weights.codes[k * 3 + 1] = 0;
  const auto losses = round_weights(factor, {}, weights);
  EXPECT_EQ(losses[1].after, 0);
  for (size_t k = 0; k < 20; ++k) EXPECT_EQ(weights.codes[k * 3 + 1], 0);
}

TEST(RoundWeights, CodesStayWithinTheirLimits) {
  const SquareMatrix factor = factor_of(gram_matrix(make_rows(300, 60, 0.9f)));
  for (const int largest : {127, 63, 7}) {
    ChannelWeights weights = make_weights(60, 40, 200);
    const auto most = static_cast<float>(largest);
    for (size_t i = 0; i < weights.reals.size(); ++i) {
      weights.reals[i] = std::clamp(weights.reals[i], -most, most);
      weights.codes[i] = static_cast<int8_t>(std::nearbyint(weights.reals[i]));
    }
    round_weights(factor, {.largest = largest}, weights);
    for (const int code : weights.codes) ASSERT_LE(std::abs(code), largest);
  }
}

TEST(RoundWeights, RefusesWhatIsNoNumberOrDoesNotFit) {
  const SquareMatrix factor = factor_of(gram_matrix(make_rows(20, 4, 0)));
  for (const float bad : {NAN, std::numeric_limits<float>::infinity()}) {
    ChannelWeights weights = make_weights(4, 2);
    weights.reals[5] = bad;
    EXPECT_THROW(round_weights(factor, {}, weights), std::invalid_argument);
  }
  ChannelWeights others = make_weights(5, 2);
  EXPECT_THROW(round_weights(factor, {}, others), std::invalid_argument);
  ChannelWeights fewer = make_weights(4, 2);
  fewer.codes.pop_back();
  EXPECT_THROW(round_weights(factor, {}, fewer), std::invalid_argument);
}

// ---- Pairs ----

/// Weights nearly all of whose pairs are over the limit, and codes that are not.
ChannelWeights heavy_pairs(size_t columns, size_t channels) {
  ChannelWeights weights = make_weights(columns, channels, 20);
  for (size_t k = 0; k < columns; ++k) {
    for (size_t c = 0; c < channels; ++c) {
      float& real = weights.reals[k * channels + c];
      const float sign = (c + k / 2) % 2 == 0 ? 1.0f : -1.0f;
      real = std::clamp(sign * (75 + real), -127.0f, 127.0f);
      const float code = std::clamp(real, -64.0f, 64.0f);
      weights.codes[k * channels + c] = static_cast<int8_t>(std::nearbyint(code));
    }
  }
  return weights;
}

TEST(RoundWeights, NoPairExceedsItsSum) {
  for (const float shared : {0.0f, 0.5f, 0.95f}) {
    for (const size_t columns : {1, 2, 9, 64, 65}) {
      const SquareMatrix factor = factor_of(gram_matrix(make_rows(150, columns, shared)));
      ChannelWeights weights = heavy_pairs(columns, 70);
      round_weights(factor, {.bound_pairs = true}, weights);
      for (size_t k = 0; k + 1 < columns; k += 2) {
        for (size_t c = 0; c < weights.channels; ++c) {
          const int sum = weights.codes[k * 70 + c] + weights.codes[(k + 1) * 70 + c];
          ASSERT_LE(std::abs(sum), passes::kLargestPairSum) << k << ", " << c;
        }
      }
    }
  }
}

TEST(RoundWeights, PairsThatFitAreRoundedAsWithoutTheBound) {
  const SquareMatrix factor = factor_of(gram_matrix(make_rows(150, 48, 0.5f)));
  ChannelWeights bound = make_weights(48, 30, 8);
  ChannelWeights free = bound;
  round_weights(factor, {.bound_pairs = true}, bound);
  round_weights(factor, {}, free);
  EXPECT_EQ(bound.codes, free.codes);
}

double loss(const PairTargets& t, int first, int second) {
  const auto a = static_cast<double>(t.first) - first;
  const auto b = static_cast<double>(t.second) - static_cast<double>(t.slope) * first - second;
  return static_cast<double>(t.first_weight) * a * a + static_cast<double>(t.second_weight) * b * b;
}

/// The nearest code that the first one leaves.
int second_code(const PairTargets& t, int first) {
  const double wanted = static_cast<double>(t.second) - static_cast<double>(t.slope) * first;
  const int least = std::max(-127, -passes::kLargestPairSum - first);
  const int most = std::min(127, passes::kLargestPairSum - first);
  return static_cast<int>(std::clamp(std::nearbyint(wanted), 1.0 * least, 1.0 * most));
}

TEST(FirstCodeOfPair, LosesLeastOfAllThatTakeTheWholeSum) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> target(-150, 150);
  std::uniform_real_distribution<float> weight(0.1f, 10);
  std::uniform_real_distribution<float> slope(-2, 2);
  size_t bound_count = 0;
  for (int i = 0; i < 3000; ++i) {
    const PairTargets t{target(random), weight(random), target(random), slope(random),
                        weight(random)};
    const int first = first_code_of_pair(t, 127);
    const int nearest = static_cast<int>(std::nearbyint(std::clamp(t.first, -127.0f, 127.0f)));
    if (first == nearest) continue;
    ++bound_count;
    const int sign = first > 0 ? 1 : -1;
    double least = std::numeric_limits<double>::infinity();
    for (int q = 1; q <= 127; ++q)
      least = std::min(least, loss(t, sign * q, sign * (passes::kLargestPairSum - q)));
    const int whole = sign * passes::kLargestPairSum - first;
    EXPECT_LE(loss(t, first, whole), least * (1 + 1e-4)) << first;
  }
  EXPECT_GT(bound_count, 300u);
}

// The naive way lets the first code take what it wants.
TEST(FirstCodeOfPair, LosesLessThanFirstComeFirstServed) {
  const PairTargets equal{120, 1, 120, 0, 1};
  const int first = first_code_of_pair(equal, 127);
  EXPECT_EQ(first, 64);
  EXPECT_EQ(second_code(equal, first), 64);
  EXPECT_LT(loss(equal, 64, 64), loss(equal, 120, second_code(equal, 120)));
  // The heavier one keeps more.
  EXPECT_EQ(first_code_of_pair({120, 3, 120, 0, 1}, 127), 92);
  EXPECT_EQ(first_code_of_pair({-120, 1, -120, 0, 3}, 127), -36);
}

TEST(FirstCodeOfPair, IsTheNearestWhereBothFit) {
  EXPECT_EQ(first_code_of_pair({60.4f, 1, 67, 0, 1}, 127), 60);
  EXPECT_EQ(first_code_of_pair({126.6f, 1, -126, 0, 1}, 127), 127);
  EXPECT_EQ(first_code_of_pair({200, 1, -1, 0, 1}, 127), 127);
}

}  // namespace
}  // namespace rangefinder::refine
