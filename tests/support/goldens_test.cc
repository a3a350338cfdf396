#include "support/goldens.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace rangefinder::support {
namespace {

TEST(PpqGoldens, ReadsEveryRowWithItsGrid) {
  const auto rows = ppq_goldens(RANGEFINDER_TEST_DATA "/goldens/ppq_observers.csv");
  ASSERT_EQ(rows.size(), 672u);
  const PpqGolden& first = rows.front();
  EXPECT_EQ(first.description(), "normal [4, 8, 16, 16] minmax symmetric [-128, 127]");
  EXPECT_EQ(first.scale_bits, std::vector<uint32_t>{0x3cc26840});
  EXPECT_EQ(first.offset, std::vector<int32_t>{0});
  size_t per_channel = 0;
  for (const PpqGolden& row : rows) {
    row.config.check();
    const size_t channels = row.config.is_per_channel() ? static_cast<size_t>(row.shape[1]) : 1;
    EXPECT_EQ(row.scale_bits.size(), channels) << row.description();
    EXPECT_EQ(row.offset.size(), channels) << row.description();
    per_channel += row.config.is_per_channel();
  }
  EXPECT_EQ(per_channel, 56u);
  EXPECT_THROW(ppq_goldens("/no/such/file"), std::runtime_error);
}

}  // namespace
}  // namespace rangefinder::support
