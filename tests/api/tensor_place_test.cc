#include "rangefinder/tensor_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rangefinder/error.h"
#include "support/fake_cuda.h"

namespace rangefinder {
namespace {

using testing::AllOf;
using testing::HasSubstr;

CountingDevice open(const std::string& driver, const char* device = "cuda") {
  cuda::use_fake_driver_as_system(driver);
  return open_for_counting(parse_device(device));
}

class CountingDevices : public testing::Test {
 protected:
  void SetUp() override {
    if (RANGEFINDER_HAS_KERNELS == 0) GTEST_SKIP() << "a build without kernels";
  }
};

TEST(CountingDevice, OfTheCpuIsNothingToHold) {
  const CountingDevice cpu = open_for_counting({});
  EXPECT_FALSE(cpu.held);
  EXPECT_EQ(cpu.none_because, "");
}

TEST_F(CountingDevices, AreHeldOpen) {
  const int before = cuda::fake_contexts();
  {
    const CountingDevice gpu = open("devices=2", "cuda:1");
    EXPECT_TRUE(gpu.held);
    EXPECT_EQ(gpu.none_because, "");
    EXPECT_EQ(open_for_counting(parse_device("cuda:1")).held, gpu.held);
    EXPECT_EQ(cuda::fake_contexts(), before + 1);
  }
  EXPECT_EQ(cuda::fake_contexts(), before);
}

TEST_F(CountingDevices, WhatCannotCountSaysWhy) {
  EXPECT_EQ(open("devices=0").none_because, "the CUDA driver finds no device");
  EXPECT_THAT(open("capability=61").none_because, HasSubstr("7.5 or later is needed"));
  EXPECT_THAT(open("version=12040 fail=cuModuleLoadData:209").none_because,
              AllOf(HasSubstr("the driver (for CUDA 12.4) does not take our kernels")));
  EXPECT_THAT(open("fail=cuInit:999").none_because, HasSubstr("the CUDA driver does not start"));
}

TEST_F(CountingDevices, ANumberThatIsNotThereIsAnError) {
  EXPECT_THAT([] { open("devices=2", "cuda:2"); },
              testing::ThrowsMessage<Error>("no CUDA device 2; the last one is 1"));
}

}  // namespace
}  // namespace rangefinder
