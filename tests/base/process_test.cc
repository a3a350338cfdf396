#include "base/process.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>
#include <vector>

namespace rangefinder {
namespace {

TEST(Process, PeakMemoryGrowsWithWhatIsTouched) {
  const uint64_t before = peak_memory_bytes();
  EXPECT_GT(before, 0u);
  std::vector<char> block(size_t{256} << 20, 1);
  EXPECT_GE(peak_memory_bytes(), block.size());
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t whole_pages = 0;
  uint64_t resident_pages = 0;
  file >> whole_pages >> resident_pages;
  return resident_pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

#ifdef __GLIBC__
TEST(Process, FreeMemoryGoesBackToTheSystem) {
  constexpr size_t kBlockBytes = size_t{64} << 10;
  constexpr size_t kBlockCount = 1024;
  std::vector<std::vector<char>> blocks;
  for (size_t i = 0; i < kBlockCount; ++i) blocks.emplace_back(kBlockBytes, 1);
  if (::mallinfo2().uordblks < kBlockCount * kBlockBytes) {
    GTEST_SKIP() << "memory comes from another allocator, as with sanitizers";
  }
  // Keeps the allocator from giving back by itself what lies before it.
  const std::vector<char> last(kBlockBytes, 1);
  blocks.clear();
  const uint64_t before = resident_bytes();
  return_free_memory();
  EXPECT_LT(resident_bytes() + kBlockCount * kBlockBytes / 2, before);
  EXPECT_EQ(last.back(), 1);
}
#endif

TEST(Process, StopwatchStartsAgainAtEachLap) {
  Stopwatch watch;
  const double first = watch.seconds();
  EXPECT_GE(first, 0);
  EXPECT_GE(watch.lap(), first);
  EXPECT_GE(watch.seconds(), 0);
}

}  // namespace
}  // namespace rangefinder
