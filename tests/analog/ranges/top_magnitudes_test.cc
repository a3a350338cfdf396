#include "analog/ranges/top_magnitudes.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <stdexcept>

#include "statistics/samples.h"

namespace rangefinder::analog {
namespace {

/// All entries of a run, largest first.
std::vector<float> sorted_entries(const ElementRun& run) {
  std::vector<float> entries;
  for (size_t i = 0; i < run.length(); ++i) {
    entries.insert(entries.end(), run.weight(i), std::fabs(run.values[i]));
  }
  std::sort(entries.begin(), entries.end(), std::greater<>());
  return entries;
}

void expect_top(const ElementRun& run, uint64_t wanted) {
  const std::vector<float> entries = sorted_entries(run);
  TopMagnitudes top(wanted);
  top.add(run);
  EXPECT_EQ(top.largest_bits(), std::bit_cast<uint32_t>(entries.empty() ? 0.0f : entries[0]));
  for (uint64_t above = 0; above < std::min<uint64_t>(wanted, entries.size()); ++above) {
    ASSERT_EQ(top.value(above), entries[above]) << above << " of " << wanted;
  }
  EXPECT_EQ(top.largest_bits(), std::bit_cast<uint32_t>(entries.empty() ? 0.0f : entries[0]));
}

TEST(TopMagnitudes, EqualSortingForAnyNumber) {
  std::vector<float> values = statistics::mixed_values(5000, 3, false);
  std::vector<uint32_t> weights(1000);
  std::mt19937 random(1);
  for (uint32_t& weight : weights) weight = random() % 5;
  for (const uint64_t wanted : {1, 2, 17, 300, 4000, 50000}) {
    expect_top({values.data(), 5000, 1, nullptr, 1}, wanted);
    expect_top({values.data(), 5000, 1, nullptr, 7}, wanted);
    expect_top({values.data(), 1000, 1, weights.data(), 0}, wanted);
    expect_top({values.data(), 1000, 5, weights.data(), 0}, wanted);
  }
}

// Ascending values raise the threshold with every block; equal ones never exceed it.
TEST(TopMagnitudes, EqualSortingInTheWorstOrders) {
  std::vector<float> values(5000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 2500.0f;
  expect_top({values.data(), 5000, 1, nullptr, 2}, 100);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 3);
  expect_top({values.data(), 5000, 1, nullptr, 2}, 100);
  expect_top({values.data(), 5000, 1, nullptr, 2}, 5000);
}

TEST(TopMagnitudes, DoNotDependOnTheSplit) {
  const std::vector<float> values = statistics::mixed_values(3000, 4, false);
  TopMagnitudes whole(50);
  whole.add({values.data(), 3000, 1, nullptr, 1});
  TopMagnitudes parts(50);
  for (size_t begin = 0; begin < 3000; begin += 30) {
    parts.add({values.data() + 2970 - begin, 30, 1, nullptr, 1});
  }
  for (uint64_t above = 0; above < 50; ++above) EXPECT_EQ(parts.value(above), whole.value(above));
}

TEST(TopMagnitudes, TellOfNanWhereverItStands) {
  for (const size_t place : {size_t{0}, size_t{500}, size_t{2999}}) {
    std::vector<float> values = statistics::mixed_values(3000, 5, false);
    values[place] = -NAN;
    TopMagnitudes top(3);
    top.add({values.data(), 3000, 1, nullptr, 1});
    EXPECT_GT(top.largest_bits(), 0x7f800000u);
  }
}

TEST(TopMagnitudes, OfZerosAreZero) {
  const std::vector<float> values(100, -0.0f);
  TopMagnitudes top(3);
  EXPECT_EQ(top.value(0), 0.0f);
  top.add({values.data(), 100, 1, nullptr, 1});
  EXPECT_EQ(top.value(2), 0.0f);
  EXPECT_EQ(top.largest_bits(), 0u);
  EXPECT_THROW(TopMagnitudes(0), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
