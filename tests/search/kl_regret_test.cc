#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "raw_divergence.h"
#include "samples.h"
#include "search/kl.h"

namespace rangefinder::search {
namespace {

using quantization::Grid;

double allowed_regret(int bits) { return bits == 8 ? 1.002 : 1.01; }

/// Divergence on the raw data of the searched parameters over that of the best found by brute
/// force. Divergences that differ by a few nats in all n values cannot be told apart by the data
/// (Wilks 1938: 2 n times the difference follows chi square), so 4 / n is taken off first; below a
/// millionth of a nat a divergence counts as none (constants).
double regret(const Sample& sample, const Grid& grid) {
  const auto found = kl(observed(sample.values), grid);
  const RawDivergence divergence(sample.values, grid);
  const Split split{grid.quant_max - found->zero_point, found->zero_point - grid.quant_min};
  const double loss = divergence(found->scale, split) - 4 / divergence.count();
  return loss / std::max(divergence.best_by_brute_force(), 1e-6);
}

class KlRegret : public testing::TestWithParam<int> {};

TEST_P(KlRegret, IsSmallOnEveryDistribution) {
  const int bits = GetParam();
  const int64_t half = int64_t{1} << (bits - 1);
  for (const Sample& sample : samples(1 << 18)) {
    const double symmetric = regret(sample, {-half, half - 1, true});
    const double asymmetric = regret(sample, {0, 2 * half - 1, false});
    EXPECT_LE(symmetric, allowed_regret(bits)) << sample.name;
    EXPECT_LE(asymmetric, allowed_regret(bits)) << sample.name;
    RecordProperty(sample.name, fmt::format("{:.5f} {:.5f}", symmetric, asymmetric));
  }
}

INSTANTIATE_TEST_SUITE_P(Bits, KlRegret, testing::Values(2, 3, 4, 8));

}  // namespace
}  // namespace rangefinder::search
