#include "cuda/grids.h"

#include <algorithm>

#include "cuda/channel_kernels.h"

namespace rangefinder::cuda {
namespace {

constexpr unsigned kCountThreads = 512;
constexpr unsigned kThreads = 256;
/// Less values do not pay for clearing and adding up the window in shared memory.
constexpr uint64_t kValuesOfBlock = uint64_t{kCountThreads} * 32;
/// So many fit on a multiprocessor at a time, with the registers that a thread needs.
constexpr unsigned kCountBlocks = 2;
constexpr unsigned kBlocks = 8;

Grid grid_of(uint64_t blocks, unsigned most, unsigned threads) {
  return {static_cast<unsigned>(std::clamp<uint64_t>(blocks, 1, most)), threads};
}

}  // namespace

Grid count_grid(uint64_t values, unsigned multiprocessors) {
  return grid_of(parts_of(values, kValuesOfBlock), kCountBlocks * multiprocessors, kCountThreads);
}

Grid line_grid(const LineShape& shape, unsigned multiprocessors) {
  return grid_of(parts_of(unit_count(shape), kThreads / kWarp), kBlocks * multiprocessors,
                 kThreads);
}

Grid row_grid(uint64_t rows, unsigned multiprocessors) {
  return grid_of(parts_of(rows, kThreads / kWarp), kBlocks * multiprocessors, kThreads);
}

Grid thread_grid(uint64_t items, unsigned multiprocessors) {
  return grid_of(parts_of(items, kThreads), kBlocks * multiprocessors, kThreads);
}

Grid assign_grid(uint64_t channels, unsigned multiprocessors) {
  return thread_grid(channels * kMarkWords, multiprocessors);
}

}  // namespace rangefinder::cuda
