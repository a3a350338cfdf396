#include "workflow/collective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>

#include "support/local_ranks.h"

namespace rangefinder::workflow {
namespace {

using test_support::LocalRanks;

TEST(Collective, ReducingGivesTheFirstRankEverythingOnce) {
  for (size_t size = 1; size <= 17; ++size) {
    LocalRanks ranks(size);
    std::string all;
    ranks.run([&](Communicator& mine) {
      std::string text(1, static_cast<char>('a' + mine.rank()));
      reduce(
          mine, [&] { return text; }, [&](std::string_view bytes, size_t) { text += bytes; });
      if (mine.rank() == 0) all = text;
    });
    EXPECT_EQ(all.size(), size);
    EXPECT_EQ(std::set<char>(all.begin(), all.end()).size(), size);
    EXPECT_EQ(ranks.message_count(), size - 1);
  }
}

TEST(Collective, EverybodyGetsWhatTheFirstRankHas) {
  for (size_t size = 1; size <= 17; ++size) {
    LocalRanks ranks(size);
    std::mutex mutex;
    std::multiset<std::string> got;
    ranks.run([&](Communicator& mine) {
      const std::string text = broadcast(mine, mine.rank() == 0 ? "news" : "");
      const std::lock_guard lock(mutex);
      got.insert(text);
    });
    EXPECT_EQ(got.count("news"), size);
    EXPECT_EQ(ranks.message_count(), size - 1);
  }
}

TEST(Collective, EverybodyGetsWhatAllHaveInTheOrderOfRanks) {
  for (const size_t size : {1u, 2u, 3u, 8u, 13u}) {
    LocalRanks ranks(size);
    std::vector<std::string> expected;
    for (size_t rank = 0; rank < size; ++rank) expected.push_back(std::string(rank, 'x'));
    ranks.run([&](Communicator& mine) {
      EXPECT_EQ(gather_all(mine, std::string(mine.rank(), 'x')), expected);
    });
  }
}

}  // namespace
}  // namespace rangefinder::workflow
