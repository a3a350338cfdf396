#include "observers/ppq/kl.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "observers/ppq/fixture.h"

namespace rangefinder::observers::ppq {
namespace {

TEST(PpqKl, ReproducesTheAnchors) {
  EXPECT_EQ(scale_bits("kl", symmetric()), 0x3d8de33cu);
  EXPECT_EQ(scale_bits("kl", power_of_2(symmetric())), bits(0.0625f));
  EXPECT_EQ(scale_bits("kl", symmetric(4)), 0x3b0de33cu) << "4 bits: broken, as the original";
  for (const auto& [bins, expected] : {std::pair{512, 0x3c8de33cu},
                                       {1024, 0x3d8de33cu},
                                       {2048, 0x3d8de33cu},
                                       {8192, 0x3d8de33cu}}) {
    Config config = symmetric();
    config.detail["hist_bins"] = bins;
    EXPECT_EQ(scale_bits("kl", config), expected) << bins << " bins";
  }
}

TEST(PpqKl, RefusesWhatTheOriginalCannotSolve) {
  EXPECT_THROW(Kl{asymmetric()}, std::invalid_argument);
  EXPECT_THROW(Kl{per_channel(symmetric(), 1)}, std::invalid_argument);
  EXPECT_THROW(Kl{symmetric(16)}, std::invalid_argument) << "more codes than bins";
  Config config = symmetric();
  config.detail["hist_bins"] = 1000;
  EXPECT_THROW(Kl{config}, std::invalid_argument);
}

TEST(PpqKl, ARangeThatHoldsNothingSortsFirst) {
  // With 4096 bins the lowest 8 are zeroed: the first candidate of 8 bins is empty.
  const std::vector<int64_t> counts(4096, 10);
  EXPECT_EQ(best_kl_range(counts, 8), 8u);
  EXPECT_GT(best_kl_range(counts, 128), 128u);
}

}  // namespace
}  // namespace rangefinder::observers::ppq
