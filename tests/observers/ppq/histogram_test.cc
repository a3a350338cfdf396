#include "observers/ppq/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>
#include <vector>

#include "observers/ppq/fixture.h"
#include "observers/ppq/kl.h"
#include "observers/ppq/minmax.h"
#include "observers/ppq/mse.h"

namespace rangefinder::observers::ppq {
namespace {

std::vector<int64_t> anchor_histogram(size_t bins) {
  std::vector<int64_t> counts(bins);
  for (const tensor::Tensor& batch : anchor_batches()) {
    add_histc(batch.floats(), true, 0, 8.867977142333984f, counts);
  }
  return counts;
}

TEST(PpqHistogram, ReproducesTheAnchors) {
  const std::vector<int64_t> fine = anchor_histogram(4096);
  EXPECT_THAT(std::vector<int64_t>(fine.begin(), fine.begin() + 12),
              testing::ElementsAre(46, 47, 56, 59, 46, 39, 49, 59, 57, 54, 61, 55));
  EXPECT_EQ(std::accumulate(fine.begin(), fine.end(), int64_t{0}), 24576);
  const std::vector<int64_t> coarse = anchor_histogram(2048);
  EXPECT_THAT(std::vector<int64_t>(coarse.begin(), coarse.begin() + 12),
              testing::ElementsAre(93, 115, 85, 108, 111, 116, 106, 112, 85, 97, 100, 117));
}

TEST(PpqHistogram, PutsTheUpperEndInTheLastBinAndIgnoresTheOutside) {
  std::vector<int64_t> counts(4);
  add_histc(std::vector<float>{0, 1, 4, 4.1f, -.1f}, false, 0, 4, counts);
  EXPECT_THAT(counts, testing::ElementsAre(1, 1, 0, 1));
}

TEST(PpqHistogram, WidensAnEmptyInterval) {
  std::vector<int64_t> counts(4);
  add_histc(std::vector<float>{0, 0}, true, 0, 0, counts);
  EXPECT_THAT(counts, testing::ElementsAre(0, 0, 2, 0));
  std::vector<int64_t> own(2);
  add_histc(std::vector<float>{1, 3}, false, 5, 5, own);
  EXPECT_THAT(own, testing::ElementsAre(1, 1)) << "the values' own interval";
}

TEST(PpqHistogram, WorkersMergeInBothPasses) {
  const auto batches = anchor_batches();
  Mse first(symmetric());
  Mse second(symmetric());
  for (size_t pass = 0; pass < 2; ++pass) {
    first.begin_pass(pass);
    second.begin_pass(pass);
    first.observe(batches[0].view());
    second.observe(batches[1].view());
    second.observe(batches[2].view());
    first.merge(second);
    if (pass == 0) second = first;  // both need the whole range
  }
  EXPECT_EQ(first.solve({}).parameters, solve("mse", symmetric(), batches).parameters);
  EXPECT_THROW(first.merge(Kl(symmetric())), std::invalid_argument);
  EXPECT_THROW(first.begin_pass(2), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::observers::ppq
