#include "base/process.h"

#include <gtest/gtest.h>

#include <vector>

namespace rangefinder {
namespace {

TEST(Process, PeakMemoryGrowsWithWhatIsTouched) {
  const uint64_t before = peak_memory_bytes();
  EXPECT_GT(before, 0u);
  std::vector<char> block(size_t{256} << 20, 1);
  EXPECT_GE(peak_memory_bytes(), block.size());
}

TEST(Process, StopwatchStartsAgainAtEachLap) {
  Stopwatch watch;
  const double first = watch.seconds();
  EXPECT_GE(first, 0);
  EXPECT_GE(watch.lap(), first);
  EXPECT_GE(watch.seconds(), 0);
}

}  // namespace
}  // namespace rangefinder
