// The emulation itself: that it finds what a kernel does wrong.

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <stdexcept>
#include <vector>

#include "support/cuda_emulation.h"

namespace rangefinder::emulation {
namespace {

TEST(CudaEmulation, RunsEveryThreadOnce) {
  std::vector<uint32_t> seen(5 * 64);
  run({.blocks = 5, .threads = 64, .seed = 1},
      [&](void*) { ++seen[Machine::block() * Machine::threads() + Machine::thread()]; });
  EXPECT_EQ(seen, std::vector<uint32_t>(seen.size(), 1));
}

TEST(CudaEmulation, WarpFunctionsSeeTheirOwnWarp) {
  run({.blocks = 2, .threads = 64, .seed = 2}, [](void*) {
    const uint32_t thread = Machine::thread();
    EXPECT_EQ(Machine::shuffle_xor(thread, 5), thread ^ 5);
    EXPECT_EQ(Machine::ballot(thread < 32 || thread % 2 == 0), thread < 32 ? ~0u : 0x55555555u);
    EXPECT_EQ(Machine::match(thread % 4), 0x11111111u << thread % 4);
  });
}

/// Adds up the numbers of the threads; `waits`: as it must be done.
uint32_t sum_in_shared_memory(bool waits, uint64_t seed) {
  uint32_t result = 0;
  run({.blocks = 1, .threads = 64, .shared_size = sizeof(uint32_t), .seed = seed},
      [&](void* shared) {
        auto* sum = static_cast<uint32_t*>(shared);
        if (Machine::thread() == 0) *sum = 0;
        if (waits) Machine::barrier();
        Machine::add(sum, Machine::thread());
        if (waits) Machine::barrier();
        if (Machine::thread() == 0) result = *sum;
      });
  return result;
}

TEST(CudaEmulation, AMissingBarrierShows) {
  std::set<uint32_t> with;
  std::set<uint32_t> without;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    with.insert(sum_in_shared_memory(true, seed));
    without.insert(sum_in_shared_memory(false, seed));
  }
  EXPECT_EQ(with, std::set<uint32_t>{63 * 64 / 2});
  EXPECT_GT(without.size(), 1);
}

TEST(CudaEmulation, TheSameSeedIsTheSameOrder) {
  const auto order_of = [](uint64_t seed) {
    std::vector<uint32_t> order;
    run({.blocks = 3, .threads = 32, .seed = seed}, [&](void*) {
      uint32_t unused = 0;
      Machine::add(&unused, 1);
      order.push_back(Machine::block() * 32 + Machine::thread());
    });
    return order;
  };
  EXPECT_EQ(order_of(3), order_of(3));
  EXPECT_NE(order_of(3), order_of(4));
}

TEST(CudaEmulation, ThreadsThatWouldWaitForeverAreFound) {
  EXPECT_THROW(run({.threads = 32},
                   [](void*) {
                     if (Machine::thread() != 7) Machine::ballot(true);
                   }),
               std::logic_error);
  EXPECT_THROW(run({.threads = 64},
                   [](void*) {
                     if (Machine::thread() < 32) Machine::barrier();
                   }),
               std::logic_error);
}

TEST(CudaEmulation, DifferentFunctionsAtOnePlaceAreFound) {
  EXPECT_THROW(run({.threads = 32},
                   [](void*) {
                     if (Machine::thread() % 2 == 0) {
                       Machine::ballot(true);
                     } else {
                       Machine::match(1);
                     }
                   }),
               std::logic_error);
}

TEST(CudaEmulation, AVectorMustBeAligned) {
  alignas(16) const uint32_t values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  run({.threads = 32}, [&](void*) { EXPECT_EQ(Machine::load(values + 4).words[3], 8u); });
  EXPECT_THROW(run({.threads = 32}, [&](void*) { Machine::load(values + 1); }), std::logic_error);
}

}  // namespace
}  // namespace rangefinder::emulation
