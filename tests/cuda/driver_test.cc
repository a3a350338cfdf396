#include "cuda/driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_cuda.h"

namespace rangefinder::cuda {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(CudaDriver, IsOpened) {
  const OpenedDriver opened = fake_driver();
  ASSERT_TRUE(opened.driver);
  EXPECT_EQ(opened.none_because, "");
  EXPECT_EQ(opened.driver->text(kOutOfMemory), "out of memory (2)");
}

TEST(CudaDriver, AMachineWithoutOneIsNoError) {
  const OpenedDriver opened = open_driver("libno_such_driver.so.1");
  EXPECT_FALSE(opened.driver);
  EXPECT_THAT(opened.none_because,
              AllOf(HasSubstr("no CUDA driver"), HasSubstr("libno_such_driver.so.1")));
}

TEST(CudaDriver, AnotherLibraryIsToldApart) {
  const OpenedDriver opened = open_driver("libc.so.6");
  EXPECT_FALSE(opened.driver);
  EXPECT_THAT(opened.none_because, AllOf(HasSubstr("libc.so.6"), HasSubstr("cuInit")));
}

TEST(CudaDriver, ADriverThatDoesNotStartSaysWhy) {
  const OpenedDriver opened = fake_driver("fail=cuInit:803");
  EXPECT_FALSE(opened.driver);
  EXPECT_THAT(opened.none_because, AllOf(HasSubstr("does not start"), HasSubstr("803")));
}

}  // namespace
}  // namespace rangefinder::cuda
