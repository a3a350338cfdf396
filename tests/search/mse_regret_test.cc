#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raw_quantizer.h"
#include "samples.h"
#include "search/mse.h"

namespace rangefinder::search {
namespace {

using quantization::Grid;

double allowed_regret(int bits) { return bits == 8 ? 1.002 : 1.01; }

/// Loss on the raw data of the searched parameters over that of the best found by brute force.
/// Where the best loss is under 1 % of step^2 / 12 (constants), that share stands in for it.
double regret(const Sample& sample, const Grid& grid) {
  const auto found = mse(observed(sample.values), grid);
  const auto best = best_by_brute_force(sample.values, grid);
  const double least = raw_mean_squared_error(sample.values, grid, best);
  const double step = best.scale;
  const double loss = raw_mean_squared_error(sample.values, grid, *found);
  return loss / std::max(least, 0.01 * step * step / 12);
}

class MseRegret : public testing::TestWithParam<int> {};

TEST_P(MseRegret, IsSmallOnEveryDistribution) {
  const int bits = GetParam();
  const int64_t half = int64_t{1} << (bits - 1);
  for (const Sample& sample : samples(bits == 8 ? 1 << 18 : 1 << 16)) {
    const double symmetric = regret(sample, {-half, half - 1, true});
    const double asymmetric = regret(sample, {0, 2 * half - 1, false});
    EXPECT_LE(symmetric, allowed_regret(bits)) << sample.name;
    EXPECT_LE(asymmetric, allowed_regret(bits)) << sample.name;
    RecordProperty(sample.name, fmt::format("{:.5f} {:.5f}", symmetric, asymmetric));
  }
}

INSTANTIATE_TEST_SUITE_P(Bits, MseRegret, testing::Values(2, 3, 4, 8, 16));

}  // namespace
}  // namespace rangefinder::search
