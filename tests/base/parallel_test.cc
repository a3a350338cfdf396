#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace rangefinder {
namespace {

TEST(Parallel, CallsEachNumberOnce) {
  for (const size_t count : {0, 1, 2, 1000}) {
    std::vector<std::atomic<int>> calls(count);
    parallel_for(count, [&](size_t i) { ++calls[i]; });
    for (const auto& n : calls) EXPECT_EQ(n, 1);
  }
}

TEST(Parallel, MayBeNested) {
  std::vector<size_t> sums(50);
  parallel_for(sums.size(), [&](size_t i) {
    std::vector<size_t> parts(100);
    parallel_for(parts.size(), [&](size_t k) { parts[k] = i * k; });
    sums[i] = std::accumulate(parts.begin(), parts.end(), size_t{0});
  });
  for (size_t i = 0; i < sums.size(); ++i) EXPECT_EQ(sums[i], i * 4950);
}

TEST(Parallel, ThrowsWhatTheFirstFailingCallThrew) {
  for (int run = 0; run < 20; ++run) {
    try {
      parallel_for(300, [](size_t i) {
        if (i % 100 == 17) throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "17");
    }
  }
}

TEST(Parallel, TheOtherCallsAreMadeAllTheSame) {
  std::vector<std::atomic<int>> calls(100);
  EXPECT_THROW(parallel_for(calls.size(),
                            [&](size_t i) {
                              ++calls[i];
                              if (i == 3) throw std::runtime_error("3");
                            }),
               std::runtime_error);
  for (const auto& n : calls) EXPECT_EQ(n, 1);
}

size_t threads_used() {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  parallel_for(400, [&](size_t) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  return threads.size();
}

TEST(CoreLimit, OfSeveralTheSmallestCounts) {
  const CoreLimit one(1);
  const CoreLimit four(4);
  EXPECT_EQ(threads_used(), 1u);
}

/// TBB warns once in a process: the test is one of its own.
TEST(CoreLimit, AboveTheNumberOfCoresNothingIsSaid) {
  testing::internal::CaptureStderr();
  const CoreLimit many(1000);
  EXPECT_GE(threads_used(), 1u);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(CoreLimit, IsOneThreadsOwn) {
  if (std::thread::hardware_concurrency() == 1) GTEST_SKIP() << "there is one core anyway";
  const CoreLimit one(1);
  size_t elsewhere = 0;
  std::thread([&] { elsewhere = threads_used(); }).join();
  EXPECT_GT(elsewhere, 1u);
  EXPECT_EQ(threads_used(), 1u);
}

TEST(CoreLimit, HoldsAsLongAsItLives) {
  {
    const CoreLimit all(0);
    const CoreLimit one(1);
    EXPECT_EQ(threads_used(), 1u);
  }
  if (std::thread::hardware_concurrency() == 1) GTEST_SKIP() << "there is one core anyway";
  EXPECT_GT(threads_used(), 1u);
}

}  // namespace
}  // namespace rangefinder
