#include "mpi/worker_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rangefinder/error.h"

namespace rangefinder::mpi {
namespace {

using testing::ElementsAre;
using testing::Pair;

/// A worker whose keeper is the test: it answers before it is asked.
class WorkerRanksTest : public testing::Test {
 protected:
  WorkerRanks worker_of(size_t rank, size_t size) {
    keeper_.write({Word::kHello, rank, "host7"});
    keeper_.write({Word::kHello, size, {}});
    return WorkerRanks(std::move(ends_.second));
  }

  std::pair<Channel, Channel> ends_ = Channel::pair();
  Channel& keeper_ = ends_.first;
};

TEST_F(WorkerRanksTest, AsksItsKeeper) {
  WorkerRanks worker = worker_of(3, 8);
  EXPECT_EQ(worker.rank(), 3u);
  EXPECT_EQ(worker.size(), 8u);
  EXPECT_EQ(worker.name(), "rank 3 on host7");
  keeper_.write({Word::kDone, 0, {}});
  worker.send(2, "to you");
  EXPECT_EQ(keeper_.read(), (Message{Word::kSend, 2, "to you"}));
  keeper_.write({Word::kDone, 0, "for you"});
  EXPECT_EQ(worker.receive(5), "for you");
  EXPECT_EQ(keeper_.read(), (Message{Word::kReceive, 5, {}}));
  keeper_.write({Word::kDone, 0, {}});
  worker.part();
  EXPECT_EQ(keeper_.read(), (Message{Word::kPart, 0, {}}));
}

TEST_F(WorkerRanksTest, ARankThatIsGoneIsAnErrorThatTheFirstOfTheOthersTells) {
  for (const auto& [rank, gone, is_silent] :
       {std::tuple{0u, 2u, false}, {1u, 2u, true}, {1u, 0u, false}, {2u, 0u, true}}) {
    ends_ = Channel::pair();
    WorkerRanks worker = worker_of(rank, 3);
    keeper_.write({Word::kGone, gone, "on host2, ended by signal 9"});
    keeper_.write({Word::kDone, 0, {}});
    try {
      worker.receive(gone);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.what(),
                "rank " + std::to_string(gone) + " is gone: on host2, ended by signal 9");
    }
    EXPECT_EQ(worker.is_silent(), is_silent);
  }
}

TEST_F(WorkerRanksTest, MeetingTellsWhoIsMissing) {
  WorkerRanks worker = worker_of(1, 4);
  keeper_.write({Word::kDone, 0, {}});
  EXPECT_THAT(worker.meet(), ElementsAre());
  EXPECT_FALSE(worker.is_silent());
  keeper_.write({Word::kGone, 0, "a"});
  keeper_.write({Word::kGone, 3, "b"});
  keeper_.write({Word::kDone, 0, {}});
  EXPECT_THAT(worker.meet(), ElementsAre(Pair(0, "a"), Pair(3, "b")));
  EXPECT_FALSE(worker.is_silent()) << "it is the first of those that are left";
  keeper_.write({Word::kGone, 2, "c"});
  keeper_.write({Word::kDone, 0, {}});
  worker.meet();
  EXPECT_TRUE(worker.is_silent());
}

TEST_F(WorkerRanksTest, WithoutAKeeperThereIsNothing) {
  { const Channel closed = std::move(ends_.first); }
  EXPECT_THROW(WorkerRanks(std::move(ends_.second)), Error);
}

}  // namespace
}  // namespace rangefinder::mpi
