#include "mpi/channel.h"

#include <gtest/gtest.h>

#include <thread>

#include "rangefinder/error.h"

namespace rangefinder::mpi {
namespace {

TEST(Channel, BringsMessagesOfAnySizeInTheirOrder) {
  auto [one, other] = Channel::pair();
  std::vector<Message> sent;
  for (const size_t size : {0u, 1u, 100u, 5'000'000u}) {
    sent.push_back({Word::kSend, size, std::string(size, 'x')});
  }
  {
    std::jthread writer([&sent, &from = one] {
      for (const Message& message : sent) from.write(message);
    });
    for (const Message& message : sent) EXPECT_EQ(other.read(), message);
  }
  other.write({Word::kDone, 7, "back"});
  EXPECT_EQ(one.read(), (Message{Word::kDone, 7, "back"}));
}

TEST(Channel, TellsWhetherThereIsSomething) {
  auto [one, other] = Channel::pair();
  EXPECT_FALSE(other.is_readable(0));
  one.write({Word::kMeet, 0, {}});
  EXPECT_TRUE(other.is_readable(1000));
}

TEST(Channel, AClosedEndIsTheEndAndTakesNothing) {
  auto [one, other] = Channel::pair();
  one.write({Word::kMeet, 0, {}});
  { const Channel closed = std::move(one); }
  EXPECT_TRUE(other.read()) << "what was said before";
  EXPECT_FALSE(other.read());
  EXPECT_THROW(other.write({Word::kDone, 0, {}}), Error);
}

}  // namespace
}  // namespace rangefinder::mpi
