#include "engine/per_worker.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace rangefinder::engine {
namespace {

TEST(PerWorker, EachThreadFindsTheWorkerItEntered) {
  WorkerSlots slots(3, 2);
  EXPECT_EQ(slots.worker_count(), 3u);
  slots.enter(1);
  EXPECT_EQ(&slots.of_this_thread(), &slots.worker(1));
  std::jthread([&] {
    slots.enter(2);
    EXPECT_EQ(&slots.of_this_thread(), &slots.worker(2));
  });
  EXPECT_EQ(&slots.of_this_thread(), &slots.worker(1));
  for (const size_t worker : {0u, 2u, 0u}) {
    slots.enter(worker);
    EXPECT_EQ(&slots.of_this_thread(), &slots.worker(worker)) << "entered again";
  }
  EXPECT_EQ(slots.worker(0).slots().size(), 2u);
}

TEST(PerWorker, AThreadThatNeverEnteredCountsForTheFirst) {
  WorkerSlots slots(2, 1);
  EXPECT_EQ(&slots.of_this_thread(), &slots.worker(0));
}

TEST(PerWorker, Misuse) {
  EXPECT_THROW(WorkerSlots(0, 1), std::invalid_argument);
  WorkerSlots slots(1, 1);
  EXPECT_THROW(slots.enter(1), std::out_of_range);
}

}  // namespace
}  // namespace rangefinder::engine
