#include "mpi/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rangefinder::mpi {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Roster, IsSettledWhenEachHasFinishedOrEnded) {
  Roster roster(3);
  roster.finish(0);
  roster.end(1, "ended by signal 9");
  EXPECT_FALSE(roster.is_settled());
  roster.finish(2);
  EXPECT_TRUE(roster.is_settled());
  EXPECT_FALSE(roster.have_all_ended());
  EXPECT_THAT(roster.missing(), ElementsAre(Pair(1, "ended by signal 9")));
}

TEST(Roster, WhoFailsBehindItsPartIsNotMissing) {
  Roster roster(2);
  roster.finish(0);
  roster.finish(1);
  EXPECT_EQ(roster.failed(), std::nullopt);
  roster.end(1, "ended with exit code 1");
  EXPECT_THAT(roster.missing(), ElementsAre());
  EXPECT_EQ(roster.failed(), 1u);
  roster.end(0, "");
  EXPECT_TRUE(roster.have_all_ended());
}

TEST(Roster, WhatWasKnownFirstStays) {
  Roster roster(2);
  roster.end(1, "ended by signal 11");
  roster.lose(1, "is not heard of");
  EXPECT_EQ(roster.failure(1), "ended by signal 11");
  EXPECT_TRUE(roster.is_lost(1));
}

TEST(Roster, TheRingClosesWhereKeepersAreLost) {
  Roster roster(4);
  EXPECT_EQ(roster.after(3), 0u);
  EXPECT_EQ(roster.before(0), 3u);
  roster.lose(0, "gone");
  roster.lose(3, "gone");
  EXPECT_EQ(roster.after(2), 1u);
  EXPECT_EQ(roster.before(1), 2u);
  roster.lose(1, "gone");
  EXPECT_EQ(roster.after(2), 2u) << "alone";
  EXPECT_EQ(Roster(1).before(0), 0u);
}

}  // namespace
}  // namespace rangefinder::mpi
