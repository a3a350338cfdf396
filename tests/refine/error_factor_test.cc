#include "refine/error_factor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/parallel.h"

namespace rangefinder::refine {
namespace {

/// X^T X of normal rows, each column correlated with the one before.
SquareMatrix correlated(size_t size, size_t row_count) {
  std::mt19937 random(static_cast<uint32_t>(size));
  std::normal_distribution<float> normal;
  SquareMatrix h(size);
  for (size_t row = 0; row < row_count; ++row) {
    std::vector<float> x(size);
    for (size_t i = 0; i < size; ++i) x[i] = normal(random) + (i > 0 ? 0.9f * x[i - 1] : 0.0f);
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) h.row(i)[j] += x[i] * x[j];
    }
  }
  return h;
}

double damping_of(const SquareMatrix& h, double share) {
  double sum = 0;
  for (size_t i = 0; i < h.size; ++i) sum += h.row(i)[i];
  return share * sum / static_cast<double>(h.size);
}

/// Largest difference between L^T L and H + damping, over the largest element.
double largest_error(const SquareMatrix& factor, const SquareMatrix& h, double damping) {
  double largest = 0;
  double error = 0;
  for (size_t i = 0; i < h.size; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (size_t k = i; k < h.size; ++k)
        sum += static_cast<double>(factor.row(k)[i]) * static_cast<double>(factor.row(k)[j]);
      const double wanted = static_cast<double>(h.row(i)[j]) + (i == j ? damping : 0.0);
      error = std::max(error, std::abs(sum - wanted));
      largest = std::max(largest, std::abs(wanted));
    }
  }
  return error / largest;
}

TEST(Factorize, TheProductIsTheDampedMatrix) {
  for (const size_t size : {1, 2, 31, 32, 33, 64, 161}) {
    const SquareMatrix h = correlated(size, 2 * size + 3);
    SquareMatrix factor = h;
    ASSERT_TRUE(factorize(factor));
    EXPECT_LT(largest_error(factor, h, damping_of(h, kDamping)), 2e-6) << size;
    for (size_t i = 0; i < size; ++i) EXPECT_GT(factor.row(i)[i], 0) << size;
  }
}

TEST(Factorize, ADegenerateMatrixHasAFactor) {
  for (const size_t row_count : {1, 5}) {
    const SquareMatrix h = correlated(70, row_count);
    SquareMatrix factor = h;
    ASSERT_TRUE(factorize(factor));
    EXPECT_LT(largest_error(factor, h, damping_of(h, kDamping)), 2e-6);
  }
}

// The damping is small beside the largest column, and must not drown in its rounding errors.
TEST(Factorize, OneLargeColumnAmongManyDoesNoHarm) {
  SquareMatrix h = correlated(400, 3);
  for (size_t i = 0; i < h.size; ++i) {
    h.row(170)[i] *= 1000;
    h.row(i)[170] *= 1000;
  }
  SquareMatrix factor = h;
  ASSERT_TRUE(factorize(factor));
  EXPECT_LT(largest_error(factor, h, damping_of(h, kDamping)), 2e-6);
}

TEST(Factorize, AColumnThatIsAlwaysZeroStandsAlone) {
  SquareMatrix h = correlated(40, 90);
  for (size_t i = 0; i < 40; ++i) h.row(7)[i] = h.row(i)[7] = 0;
  const double damping = damping_of(h, kDamping);
  ASSERT_TRUE(factorize(h));
  EXPECT_FLOAT_EQ(h.row(7)[7], static_cast<float>(std::sqrt(damping)));
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(h.row(7)[i], 0);
  for (size_t i = 8; i < 40; ++i) EXPECT_EQ(h.row(i)[7], 0);
}

TEST(Factorize, IsTheSameForAnyNumberOfCores) {
  SquareMatrix all = correlated(300, 20);
  SquareMatrix single = all;
  ASSERT_TRUE(factorize(all));
  const CoreLimit one(1);
  ASSERT_TRUE(factorize(single));
  for (size_t i = 0; i < all.size; ++i) {
    for (size_t j = 0; j <= i; ++j) ASSERT_EQ(all.row(i)[j], single.row(i)[j]);
  }
}

TEST(Factorize, RefusesNothingToDivideBy) {
  SquareMatrix zeros(5);
  EXPECT_FALSE(factorize(zeros));
  SquareMatrix none(0);
  EXPECT_FALSE(factorize(none));
  for (const float bad : {NAN, std::numeric_limits<float>::infinity(), -1e9f}) {
    SquareMatrix h = correlated(5, 20);
    h.row(2)[2] = bad;
    EXPECT_FALSE(factorize(h)) << bad;
  }
}

}  // namespace
}  // namespace rangefinder::refine
