#include "engine/sample_pass.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/error.h"

namespace rangefinder::engine {
namespace {

TEST(SamplePass, WorkersAreCoresButNotMoreThanSamples) {
  EXPECT_EQ(worker_count({.jobs = 3}, 100), 3u);
  EXPECT_EQ(worker_count({.jobs = 3}, 2), 2u);
  EXPECT_EQ(worker_count({.jobs = 3}, 0), 1u);
  EXPECT_EQ(worker_count({}, 100000), std::max(1u, std::thread::hardware_concurrency()));
}

TEST(SamplePass, EverySampleIsWorkedOnOnceByOneThreadPerWorker) {
  std::mutex mutex;
  std::multiset<size_t> samples;
  std::set<std::pair<size_t, std::thread::id>> workers;
  for_each_sample(100, 4, {}, [&](size_t worker, size_t sample) {
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
        for_each_sample(1000, workers, {}, [&](size_t, size_t sample) {
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
  EXPECT_THROW(for_each_sample(1000000, 1, {},
                               [&](size_t, size_t) {
                                 ++begun;
                                 throw std::runtime_error("at once");
                               }),
               std::runtime_error);
  EXPECT_EQ(begun, 1u);
}

TEST(SamplePass, CancellingIsAnErrorUnlessAllIsDone) {
  std::atomic<bool> cancelled = false;
  const PassOptions options{.jobs = 1, .progress = {}, .cancelled = &cancelled};
  size_t done = 0;
  EXPECT_THROW(for_each_sample(10, 1, options, [&](size_t, size_t) { cancelled = ++done == 4; }),
               Error);
  EXPECT_EQ(done, 4u);
  cancelled = false;
  done = 0;
  EXPECT_NO_THROW(for_each_sample(4, 1, options, [&](size_t, size_t) { cancelled = ++done == 4; }));
}

}  // namespace
}  // namespace rangefinder::engine
