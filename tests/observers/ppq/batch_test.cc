#include "observers/ppq/batch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "observers/ppq/fixture.h"

namespace rangefinder::observers::ppq {
namespace {

TEST(PpqBatch, EveryMethodRefusesEmptyBatchesNanAndInfinity) {
  for (const std::string& method : registry().names()) {
    EXPECT_THROW(solve(method, symmetric(), batch_of({0, 4}, {})), Error) << method;
    EXPECT_THROW(solve(method, symmetric(), batch_of({1, 2}, {1, std::nanf("")})), Error) << method;
    EXPECT_THROW(
        solve(method, symmetric(), batch_of({1, 2}, {1, std::numeric_limits<float>::infinity()})),
        Error)
        << method;
  }
}

TEST(PpqBatch, EveryMethodRefusesToSolveWithoutData) {
  for (const std::string& method : registry().names()) {
    EXPECT_THROW(solve(method, symmetric(), {}), Error) << method;
  }
}

}  // namespace
}  // namespace rangefinder::observers::ppq
