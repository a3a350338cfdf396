#include "refine/float_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace rangefinder::refine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Problem = std::vector<NoiseShares>;

NoiseShares sum_of(const Problem& alone, size_t quantities) {
  NoiseShares sum(quantities, 0);
  for (const auto& shares : alone) {
    for (size_t q = 0; q < quantities; ++q) sum[q] += shares[q];
  }
  return sum;
}

/// The naive order: by the quantity that an atom disturbs most.
std::vector<size_t> by_worst(const Problem& alone) {
  std::vector<size_t> order(alone.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::ranges::max(alone[a]) > std::ranges::max(alone[b]);
  });
  return order;
}

/// How many of the order must be float until what is left is good enough, if noise adds up.
size_t needed(const Problem& alone, size_t quantities, const std::vector<size_t>& order,
              double allowed) {
  NoiseShares left = sum_of(alone, quantities);
  for (size_t count = 0; count < order.size(); ++count) {
    if (std::ranges::max(left) <= allowed) return count;
    for (size_t q = 0; q < quantities; ++q) left[q] -= alone[order[count]][q];
  }
  return order.size();
}

/// Heads that share a trunk: an atom disturbs some of the quantities, by a log-normal share.
Problem random_problem(std::mt19937& random, size_t atoms, size_t quantities) {
  std::lognormal_distribution<double> share(-6, 2);
  std::bernoulli_distribution reaches(0.5);
  Problem alone(atoms, NoiseShares(quantities, 0));
  for (auto& shares : alone) {
    for (double& value : shares) value = reaches(random) ? share(random) : 0;
  }
  return alone;
}

TEST(FloatOrder, OfOneQuantityIsThatOfTheNoise) {
  const Problem alone = {{1}, {3}, {2}, {3}, {0}};
  for (const double allowed : {100.0, 4.0, 0.01, 0.0}) {
    EXPECT_THAT(float_order(alone, {20}, allowed), ElementsAre(1, 3, 2, 0, 4)) << allowed;
  }
  std::mt19937 random(1);
  const Problem many = random_problem(random, 60, 1);
  EXPECT_EQ(float_order(many, sum_of(many, 1), 1e-3), by_worst(many));
}

TEST(FloatOrder, WhatDisturbsSeveralComesFirst) {
  const Problem alone = {{0.11, 0, 0}, {0.1, 0.1, 0.1}};
  EXPECT_THAT(by_worst(alone), ElementsAre(0, 1));
  EXPECT_THAT(float_order(alone, sum_of(alone, 3), 0.01), ElementsAre(1, 0));
}

TEST(FloatOrder, WhatDisturbsOnlyWhatIsGoodEnoughComesLate) {
  // Together the model has less noise in the first than the atoms say.
  const Problem alone = {{0.5, 0}, {0.4, 0}, {0, 0.1}, {0, 0.2}};
  EXPECT_THAT(by_worst(alone), ElementsAre(0, 1, 3, 2));
  EXPECT_THAT(float_order(alone, {0.009, 0.3}, 0.01), ElementsAre(3, 2, 0, 1));
}

TEST(FloatOrder, NeedsFewerThanTheWorstQuantityTells) {
  std::mt19937 random(7);
  size_t naive = 0;
  size_t found = 0;
  for (int i = 0; i < 50; ++i) {
    const Problem alone = random_problem(random, 40, 6);
    const NoiseShares together = sum_of(alone, 6);
    const double allowed = 0.2 * std::ranges::max(together);
    naive += needed(alone, 6, by_worst(alone), allowed);
    found += needed(alone, 6, float_order(alone, together, allowed), allowed);
  }
  EXPECT_LT(static_cast<double>(found), 0.9 * static_cast<double>(naive));
}

TEST(FloatOrder, ExpectsAsManyInFloatAsItsNoiseAddsUpTo) {
  std::mt19937 random(3);
  for (int i = 0; i < 20; ++i) {
    const Problem alone = random_problem(random, 40, 6);
    const NoiseShares together = sum_of(alone, 6);
    const double allowed = 0.1 * std::ranges::max(together);
    const auto order = float_order(alone, together, allowed);
    EXPECT_EQ(expected_float_count(alone, together, allowed, order),
              needed(alone, 6, order, allowed));
  }
  // Together there is twice as much as the parts say: one more of them has to go.
  const Problem alone = {{4}, {2}, {1}};
  const std::vector<size_t> order = {0, 1, 2};
  EXPECT_EQ(expected_float_count(alone, {7}, 3, order), 1u);
  EXPECT_EQ(expected_float_count(alone, {14}, 3, order), 2u);
  EXPECT_EQ(expected_float_count(alone, {7}, 7, order), 0u);
  EXPECT_EQ(expected_float_count(alone, {7}, -1, order), 3u);
}

TEST(FloatOrder, NamesEveryAtomOnceWhateverIsMeasured) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  const Problem alone = {{kInfinite, 0}, {0, 0}, {1e-320, kInfinite}, {1e300, 1e300}, {0, 1e-9}};
  for (const NoiseShares& together : {NoiseShares{kInfinite, 1}, {0, 0}, {1, kInfinite}}) {
    for (const double allowed : {kInfinite, 1.0, 0.0}) {
      auto order = float_order(alone, together, allowed);
      std::ranges::sort(order);
      EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
    }
  }
  EXPECT_THAT(float_order({}, {1}, 0.1), IsEmpty());
  EXPECT_THAT(float_order(Problem(3), {}, 0.1), ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace rangefinder::refine
