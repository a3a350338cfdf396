#include "mpi/world.h"

#include <gtest/gtest.h>

// In a job of one rank, this process, which sends to itself. Several ranks: keeper_test.cc.

namespace rangefinder::mpi {
namespace {

/// MPI is begun once in the life of a process.
World& world() {
  static int argc = 1;
  static char name[] = "world_test";
  static char* words[] = {name, nullptr};
  static char** argv = words;
  static World& the_one = *new World(argc, argv);
  return the_one;
}

TEST(World, AProcessAloneIsRankZeroOfOne) {
  EXPECT_EQ(world().rank(), 0u);
  EXPECT_EQ(world().size(), 1u);
  EXPECT_FALSE(World::host().empty());
}

TEST(World, MessagesOfAnySizeArriveInTheirOrder) {
  world();
  for (const size_t size : {0u, 1u, 100u, 5'000'000u}) {
    const std::string bytes(size, static_cast<char>('a' + size % 7));
    Transfer sent = Transfer::sending(0, bytes);
    Transfer received = Transfer::receiving(0);
    bool is_sent = false;
    bool is_received = false;
    while (!is_sent || !is_received) {
      is_sent = is_sent || sent.advance();
      is_received = is_received || received.advance();
    }
    EXPECT_EQ(received.take(), bytes);
  }
}

TEST(World, WhatNobodySendsIsGivenUp) {
  world();
  {
    Transfer received = Transfer::receiving(0);
    EXPECT_FALSE(received.advance());
    EXPECT_EQ(received.peer(), 0u);
  }
  // It stays behind, and takes what comes next from there; notices are apart from it.
  world().post(0, {Notice::Kind::kEnded, 3, "how"});
  std::optional<Notice> notice;
  while (!notice) notice = world().take();
  EXPECT_EQ(notice->kind, Notice::Kind::kEnded);
  EXPECT_EQ(notice->about, 3u);
  EXPECT_EQ(notice->text, "how");
  while (!world().is_posted()) {
  }
  EXPECT_FALSE(world().take());
}

}  // namespace
}  // namespace rangefinder::mpi
