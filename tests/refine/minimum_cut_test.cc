#include "refine/minimum_cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <stdexcept>

namespace rangefinder::refine {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<bool> choice(uint64_t bits, size_t count) {
  std::vector<bool> is_float(count);
  for (size_t i = 0; i < count; ++i) is_float[i] = ((bits >> i) & 1) != 0;
  return is_float;
}

/// Among all choices the cheapest, and of those the one with the fewest float nodes.
std::vector<bool> by_looking_at_all(const CutProblem& problem) {
  const size_t count = problem.float_costs.size();
  std::vector<bool> best;
  std::pair<int64_t, ptrdiff_t> least = {std::numeric_limits<int64_t>::max(), 0};
  for (uint64_t bits = 0; bits < uint64_t{1} << count; ++bits) {
    const auto is_float = choice(bits, count);
    const std::pair cost = {cost_of(problem, is_float),
                            std::count(is_float.begin(), is_float.end(), true)};
    if (cost < least) {
      least = cost;
      best = is_float;
    }
  }
  return best;
}

CutProblem random_problem(std::mt19937& random, size_t count, int64_t largest) {
  std::uniform_int_distribution<int64_t> cost(0, largest);
  std::uniform_int_distribution<size_t> node(0, count - 1);
  CutProblem problem;
  for (size_t i = 0; i < count; ++i) {
    problem.float_costs.push_back(cost(random));
    problem.integer_costs.push_back(cost(random));
    if (i > 0) problem.borders.push_back({i - 1, i, cost(random) / 2});
    if (i > 1) problem.borders.push_back({node(random), i, cost(random) / 2});
  }
  return problem;
}

TEST(MinimumCut, IsTheCheapestOfAllChoicesAndTheSmallestOfThose) {
  std::mt19937 random(1);
  for (int i = 0; i < 400; ++i) {
    // Small costs make many choices equal.
    const CutProblem problem = random_problem(random, 1 + i % 11, i % 2 == 0 ? 3 : 1000);
    EXPECT_EQ(cheapest_float_nodes(problem), by_looking_at_all(problem)) << i;
  }
}

TEST(MinimumCut, ABorderThatCostsMoreThanItWinsIsNotMade) {
  CutProblem problem{.float_costs = {9, 2, 9}, .integer_costs = {1, 6, 1}};
  EXPECT_THAT(cheapest_float_nodes(problem), ElementsAre(false, true, false));
  problem.borders = {{0, 1, 3}, {1, 2, 3}};
  EXPECT_THAT(cheapest_float_nodes(problem), Each(false)) << "6 for borders, 4 for the node";
}

TEST(MinimumCut, WhatHasNoChoiceHasNone) {
  const CutProblem problem{.float_costs = {0, 5, 0},
                           .integer_costs = {kNeverCut, 1, kNeverCut},
                           .borders = {{0, 1, 2}, {1, 2, 3}}};
  EXPECT_THAT(cheapest_float_nodes(problem), Each(true));
}

TEST(MinimumCut, TakesLongChains) {
  const size_t count = 20000;
  CutProblem problem{.float_costs = std::vector<int64_t>(count, 1),
                     .integer_costs = std::vector<int64_t>(count, 1)};
  problem.float_costs.front() = kNeverCut;
  problem.integer_costs.back() = kNeverCut;
  for (size_t i = 1; i < count; ++i) {
    problem.borders.push_back({i - 1, i, static_cast<int64_t>(7 + i % 3)});
  }
  const auto is_float = cheapest_float_nodes(problem);
  EXPECT_EQ(cost_of(problem, is_float), static_cast<int64_t>(count) + 7);
}

TEST(MinimumCut, EmptyAndWrongOnes) {
  EXPECT_TRUE(cheapest_float_nodes({}).empty());
  EXPECT_THROW(cheapest_float_nodes({.float_costs = {1}}), std::invalid_argument);
  EXPECT_THROW(cheapest_float_nodes({.float_costs = {-1}, .integer_costs = {1}}),
               std::invalid_argument);
  EXPECT_THROW(
      cheapest_float_nodes({.float_costs = {1}, .integer_costs = {1}, .borders = {{0, 1, 1}}}),
      std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::refine
