#include "cuda/grids.h"

#include <gtest/gtest.h>

#include <vector>

namespace rangefinder::cuda {
namespace {

TEST(CudaGrids, AreWholeWarpsAndNeverEmpty) {
  for (const uint64_t size : {0ull, 1ull, 1000ull, 1ull << 20, 1ull << 31, 1ull << 40}) {
    for (const unsigned multiprocessors : {1u, 132u}) {
      for (const Grid& grid :
           {count_grid(size, multiprocessors), line_grid({1, size, 3, 1}, multiprocessors),
            line_grid({1, 1, 1, size}, multiprocessors), row_grid(size, multiprocessors),
            assign_grid(size, multiprocessors)}) {
        EXPECT_GE(grid.blocks, 1) << size;
        EXPECT_EQ(grid.threads % kWarp, 0) << size;
      }
    }
  }
}

TEST(CudaGrids, ALargeTensorKeepsAllOfTheDeviceBusyAndASmallOneOneBlock) {
  EXPECT_GE(count_grid(uint64_t{1} << 28, 132).blocks, 132u);
  EXPECT_EQ(count_grid(uint64_t{1} << 31, 132).blocks, count_grid(uint64_t{1} << 30, 132).blocks);
  EXPECT_EQ(count_grid(100, 132).blocks, 1u);
}

}  // namespace
}  // namespace rangefinder::cuda
