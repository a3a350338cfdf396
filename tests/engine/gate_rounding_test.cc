#include "engine/gate_rounding.h"

#include <gtest/gtest.h>

namespace rangefinder::engine {
namespace {

TEST(GateRounding, IsThatOfOnnxRuntimeOnX86) {
#if defined(__x86_64__)
  EXPECT_TRUE(hard_swish_rounds_alike());
  EXPECT_TRUE(means_round_alike());
#else
  GTEST_SKIP() << "on other processors it may differ, and our operators are not used then";
#endif
}

}  // namespace
}  // namespace rangefinder::engine
