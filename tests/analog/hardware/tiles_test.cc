#include "analog/hardware/tiles.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace rangefinder::analog {
namespace {

std::vector<int64_t> widths(int64_t inputs, int64_t limit) {
  std::vector<int64_t> result;
  int64_t at = 0;
  for (const ColumnRange& slice : balanced_slices(inputs, limit)) {
    EXPECT_EQ(slice.begin, at);
    at = slice.end;
    result.push_back(slice.width());
  }
  EXPECT_EQ(at, inputs);
  return result;
}

// What the reference gave for these sizes.
TEST(BalancedSlices, AreAsEvenAsPossible) {
  using Widths = std::vector<int64_t>;
  EXPECT_EQ(widths(257, 256), (Widths{129, 128}));
  EXPECT_EQ(widths(10, 9), (Widths{5, 5}));
  EXPECT_EQ(widths(1000, 256), (Widths{250, 250, 250, 250}));
  EXPECT_EQ(widths(513, 512), (Widths{257, 256}));
  EXPECT_EQ(widths(7, 3), (Widths{3, 2, 2}));
  EXPECT_EQ(widths(256, 256), (Widths{256}));
}

TEST(BalancedSlices, WithoutALimitThereIsOneTile) {
  EXPECT_EQ(widths(4096, -1), (std::vector<int64_t>{4096}));
  EXPECT_EQ(widths(4096, 0), (std::vector<int64_t>{4096}));
  EXPECT_EQ(widths(3, 1), (std::vector<int64_t>{1, 1, 1}));
}

TEST(BalancedSlices, RefuseALayerWithoutInputs) {
  EXPECT_THROW(balanced_slices(0, 4), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
