#include "engine/sample_pass.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "rangefinder/run_control.h"

namespace rangefinder::engine {
namespace {

TEST(SamplePass, WorkersAreCoresButNotMoreThanSamples) {
  EXPECT_EQ(worker_count(3, 100), 3u);
  EXPECT_EQ(worker_count(3, 2), 2u);
  EXPECT_EQ(worker_count(3, 0), 3u) << "their number is not known";
  EXPECT_EQ(worker_count(0, 100000), std::max(1u, std::thread::hardware_concurrency()));
}

/// So many samples that nobody reads.
SampleFeed feed(uint64_t count) {
  return [count, next = uint64_t{0}]() mutable -> std::optional<PendingSample> {
    if (next == count) return std::nullopt;
    return PendingSample{std::to_string(next++), {}};
  };
}

TEST(SamplePass, EverySampleIsWorkedOnOnceByOneThreadPerWorker) {
  std::mutex mutex;
  std::multiset<size_t> samples;
  std::set<std::pair<size_t, std::thread::id>> workers;
  for_each_sample(feed(100), 4, {}, {}, [&](size_t worker, uint64_t sample, const auto&) {
    const std::lock_guard lock(mutex);
    samples.insert(sample);
    workers.emplace(worker, std::this_thread::get_id());
  });
  EXPECT_EQ(samples.size(), 100u);
  EXPECT_EQ(std::set<size_t>(samples.begin(), samples.end()).size(), 100u);
  EXPECT_LE(workers.size(), 4u);
}

TEST(SamplePass, TheFirstFailureInOrderIsThrown) {
  for (int repeat = 0; repeat < 50; ++repeat) {
    for (const size_t workers : {1u, 2u, 8u}) {
      std::atomic<size_t> begun = 0;
      try {
        for_each_sample(feed(1000), workers, {}, {}, [&](size_t, uint64_t sample, const auto&) {
          ++begun;
          if (sample % 10 == 7) throw Error(std::to_string(sample));
        });
        ADD_FAILURE() << "no error";
      } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "7");
      }
      EXPECT_GE(begun, 8u);
    }
  }
}

TEST(SamplePass, AFailureEndsThePassEarly) {
  std::atomic<size_t> begun = 0;
  EXPECT_THROW(for_each_sample(feed(1000000), 1, {}, {},
                               [&](size_t, uint64_t, const auto&) {
                                 ++begun;
                                 throw std::runtime_error("at once");
                               }),
               std::runtime_error);
  EXPECT_EQ(begun, 1u);
}

TEST(SamplePass, CancellingIsAnErrorUnlessAllIsDone) {
  std::atomic<bool> cancelled = false;
  const RunControl control{.jobs = 1, .cancelled = &cancelled};
  uint64_t done = 0;
  const auto work = [&](size_t, uint64_t, const PendingSample&) { cancelled = ++done == 4; };
  EXPECT_THROW(for_each_sample(feed(10), 1, control, {.total = 10}, work), Error);
  EXPECT_EQ(done, 4u);
  cancelled = false;
  done = 0;
  EXPECT_EQ(for_each_sample(feed(4), 1, control, {.total = 4}, work), 4u);
}

TEST(SamplePass, TellsHowFarItIs) {
  std::vector<std::string> told;
  RunControl control;
  control.progress = [&](const std::string& stage, size_t done, size_t total) {
    told.push_back(stage + " " + std::to_string(done) + "/" + std::to_string(total));
  };
  for_each_sample(feed(2), 1, control, {"count", 2}, [](size_t, uint64_t, const auto&) {});
  EXPECT_EQ(told, (std::vector<std::string>{"count 1/2", "count 2/2"}));
}

TEST(SamplePass, RestsWhenNoSampleIsUnderWay) {
  for (const size_t workers : {1u, 2u, 8u}) {
    std::atomic<int> running = 0;
    std::atomic<uint64_t> done = 0;
    std::vector<uint64_t> rests;
    const auto work = [&](size_t, uint64_t, const PendingSample&) {
      ++running;
      std::this_thread::yield();
      ++done;
      --running;
    };
    const auto at = [&](const Rest& rest) -> uint64_t {
      EXPECT_EQ(running, 0);
      EXPECT_EQ(rest.done, done);
      EXPECT_GE(rest.waited_seconds, 0.0);
      rests.push_back(rest.done);
      return rests.size() == 4 ? 0 : 7;
    };
    EXPECT_EQ(for_each_sample(feed(100), workers, {}, {}, work, {.first = 10, .at = at}), 100u);
    EXPECT_EQ(rests, (std::vector<uint64_t>{10, 17, 24, 31})) << workers;
  }
}

TEST(SamplePass, ARestAtTheEndIsOneOnlyIfItWasDue) {
  for (const auto& [count, expected] : {std::pair{10u, 2u}, std::pair{11u, 2u}}) {
    size_t rests = 0;
    const auto at = [&](const Rest&) -> uint64_t { return ++rests, 5; };
    for_each_sample(feed(count), 3, {}, {}, [](size_t, uint64_t, const auto&) {},
                    {.first = 5, .at = at});
    EXPECT_EQ(rests, expected);
  }
}

TEST(SamplePass, WhatARestThrowsEndsThePass) {
  for (const size_t workers : {1u, 4u}) {
    std::atomic<uint64_t> done = 0;
    const Rests rests{.first = 6, .at = [](const Rest&) -> uint64_t { throw Error("full"); }};
    EXPECT_THROW(
        for_each_sample(
            feed(100), workers, {}, {}, [&](size_t, uint64_t, const auto&) { ++done; }, rests),
        Error);
    EXPECT_EQ(done, 6u);
  }
}

TEST(SamplePass, AFailureBeforeARestLeavesNobodyWaiting) {
  for (int repeat = 0; repeat < 50; ++repeat) {
    size_t rested = 0;
    const auto work = [](size_t, uint64_t sample, const auto&) {
      if (sample == 3) throw Error("bad");
    };
    EXPECT_THROW(for_each_sample(feed(100), 4, {}, {}, work,
                                 {.first = 5, .at = [&](const Rest&) { return ++rested; }}),
                 Error);
    EXPECT_EQ(rested, 0u) << "what was gathered is not whole";
  }
}

TEST(SamplePass, WhatTheFeedThrowsCountsAsTheSampleThatItDidNotGive) {
  for (const size_t workers : {1u, 4u}) {
    uint64_t next = 0;
    const SampleFeed broken = [&]() -> std::optional<PendingSample> {
      if (next == 5) throw std::runtime_error("no more");
      return PendingSample{std::to_string(next++), {}};
    };
    std::atomic<uint64_t> done = 0;
    EXPECT_THROW(
        for_each_sample(broken, workers, {}, {}, [&](size_t, uint64_t, const auto&) { ++done; }),
        std::runtime_error);
    EXPECT_EQ(done, 5u);
  }
}

TEST(SamplePass, WhatProgressThrowsEndsThePass) {
  RunControl control;
  control.progress = [](const std::string&, size_t, size_t) { throw std::logic_error("enough"); };
  EXPECT_THROW(for_each_sample(feed(10), 2, control, {}, [](size_t, uint64_t, const auto&) {}),
               std::logic_error);
}

}  // namespace
}  // namespace rangefinder::engine
