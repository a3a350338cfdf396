#include "base/cancellation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "base/error.h"
#include "base/parallel.h"

namespace rangefinder {
namespace {

TEST(Cancellation, StopsTheWorkOfItsScopeAlone) {
  std::atomic<bool> flag = true;
  EXPECT_FALSE(is_cancelled());
  {
    const Cancellation heeded(&flag);
    EXPECT_TRUE(is_cancelled());
    EXPECT_THROW(stop_if_cancelled(), Error);
    flag = false;
    EXPECT_NO_THROW(stop_if_cancelled());
    flag = true;
    const Cancellation nothing_new(nullptr);
    EXPECT_TRUE(is_cancelled());
  }
  EXPECT_NO_THROW(stop_if_cancelled());
}

TEST(Cancellation, IsKnownToThreadsThatAreTold) {
  std::atomic<bool> flag = true;
  const Cancellation heeded(&flag);
  const auto ask = [](Cancellation::State* state) {
    return std::async(std::launch::async,
                      [state] {
                        const CancellationOf inherited(state);
                        return is_cancelled();
                      })
        .get();
  };
  EXPECT_TRUE(ask(Cancellation::current()));
  EXPECT_FALSE(ask(nullptr));
}

TEST(Cancellation, EndsParallelWork) {
  std::atomic<bool> flag = false;
  const Cancellation heeded(&flag);
  std::atomic<size_t> begun = 0;
  EXPECT_THROW(parallel_for(1000,
                            [&](size_t) {
                              ++begun;
                              flag = true;
                            }),
               Error);
  EXPECT_LT(begun, 1000u);
}

TEST(OnCancellation, StopsWhatBlocks) {
  std::atomic<bool> flag = false;
  const Cancellation heeded(&flag);
  std::promise<void> stopped;
  const OnCancellation stop([&] { stopped.set_value(); });
  flag = true;
  EXPECT_EQ(stopped.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(OnCancellation, IsToldAtOnceIfItComesTooLate) {
  std::atomic<bool> flag = true;
  const Cancellation heeded(&flag);
  bool stopped = false;
  const OnCancellation stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
}

TEST(OnCancellation, IsNotToldOnceItIsGone) {
  std::atomic<bool> flag = false;
  int calls = 0;
  {
    const Cancellation heeded(&flag);
    {
      const OnCancellation stop([&] { ++calls; });
    }
    flag = true;
  }
  EXPECT_EQ(calls, 0);
  const OnCancellation of_nothing([&] { ++calls; });
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace rangefinder
