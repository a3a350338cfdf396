#include "engine/switches.h"

#include <gtest/gtest.h>

#include <thread>

namespace rangefinder::engine {
namespace {

TEST(Switches, AreOnWithinTheirScope) {
  EXPECT_FALSE(is_switched_on(0));
  {
    const SwitchedOn outer(2);
    EXPECT_TRUE(is_switched_on(2));
    EXPECT_FALSE(is_switched_on(0));
    {
      const SwitchedOn inner(0);
      EXPECT_TRUE(is_switched_on(0));
      EXPECT_FALSE(is_switched_on(2));
    }
    EXPECT_TRUE(is_switched_on(2));
  }
  EXPECT_FALSE(is_switched_on(2));
}

TEST(Switches, AreAThreadsOwn) {
  const SwitchedOn scope(1);
  bool is_on = true;
  std::thread([&] { is_on = is_switched_on(1); }).join();
  EXPECT_FALSE(is_on);
}

}  // namespace
}  // namespace rangefinder::engine
