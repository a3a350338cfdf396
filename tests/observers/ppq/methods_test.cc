// PPQ's methods by name, and every row of its golden figures, bit for bit.

#include "observers/ppq/methods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observers/ppq/fixture.h"
#include "support/goldens.h"

namespace rangefinder::observers::ppq {
namespace {

TEST(PpqMethods, AreTheReferencesWithoutCase) {
  EXPECT_THAT(registry().names(),
              testing::ElementsAre("isotone", "kl", "minmax", "mse", "percentile"));
  EXPECT_TRUE(registry().contains("KL"));
}

TEST(PpqGoldens, AllRowsAreReproducedBitForBit) {
  const auto rows = support::ppq_goldens(RANGEFINDER_TEST_DATA "/goldens/ppq_observers.csv");
  ASSERT_EQ(rows.size(), 672u);
  std::string stream;
  std::vector<tensor::Tensor> batches;
  for (const support::PpqGolden& row : rows) {
    if (stream != row.stream_key()) {
      stream = row.stream_key();
      batches = support::stream_batches(row.stream, row.seed, row.shape, row.batch_count);
    }
    std::vector<uint32_t> scale_bits;
    std::vector<int32_t> offset;
    for (const auto& [scale, zero_point] : solve(row.method, row.config, batches).parameters) {
      scale_bits.push_back(bits(scale));
      offset.push_back(zero_point);
    }
    EXPECT_EQ(scale_bits, row.scale_bits) << row.description();
    EXPECT_EQ(offset, row.offset) << row.description();
  }
}

}  // namespace
}  // namespace rangefinder::observers::ppq
