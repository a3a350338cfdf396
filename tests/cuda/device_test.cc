#include "cuda/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "cuda/count_kernel.h"
#include "support/fake_cuda.h"

namespace rangefinder::cuda {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::string reason(const std::string& settings) {
  return open_device(0, fake_driver(settings), fake_image()).none_because;
}

TEST(CudaDevice, IsOpenedAndClosed) {
  const int before = fake_contexts();
  {
    const auto device = fake_device("devices=2");
    EXPECT_EQ(device->name(), "CUDA device 0 (emulated)");
    EXPECT_EQ(device->multiprocessor_count(), 2);
  }
  EXPECT_EQ(fake_contexts(), before);
}

TEST(CudaDevice, WhatAMachineLacksIsAReasonAndNoError) {
  EXPECT_THAT(reason("devices=0"), HasSubstr("no device"));
  EXPECT_THAT(reason("fail=cuDeviceGetCount:100"), HasSubstr("no device"));
  EXPECT_THAT(reason("fail=cuInit:999"), HasSubstr("999"));
  EXPECT_THAT(reason("capability=61"), AllOf(HasSubstr("6.1"), HasSubstr("7.5 or later")));
  const OpenedDriver driver = fake_driver();
  EXPECT_THAT(open_device(0, driver, {}).none_because, HasSubstr("RANGEFINDER_CUDA"));
}

TEST(CudaDevice, ADriverThatIsTooOldForTheKernelsIsNamed) {
  for (const int result : {kInvalidImage, kNoBinaryForDevice, kUnsupportedPtxVersion}) {
    EXPECT_THAT(reason("version=11040 fail=cuModuleLoadData:" + std::to_string(result)),
                AllOf(HasSubstr("CUDA 11.4"), HasSubstr("does not take our kernels"),
                      HasSubstr(std::to_string(result))));
  }
}

TEST(CudaDevice, ANumberThatIsNotThereIsAnError) {
  const OpenedDriver driver = fake_driver("devices=2");
  EXPECT_TRUE(open_device(1, driver, fake_image()).device);
  EXPECT_THAT([&] { open_device(2, driver, fake_image()); },
              ThrowsMessage<Error>(AllOf(HasSubstr("no CUDA device 2"), HasSubstr("is 1"))));
  EXPECT_THROW(open_device(-1, driver, fake_image()), Error);
}

TEST(CudaDevice, IsSharedWhileItIsHeld) {
  if (RANGEFINDER_HAS_KERNELS == 0) GTEST_SKIP() << "a build without kernels";
  use_fake_driver_as_system("devices=2");
  const int contexts = fake_contexts();
  const int loads = fake_calls("cuModuleLoadData");
  OpenedDevice first = open_device(1);
  ASSERT_TRUE(first.device) << first.none_because;
  EXPECT_EQ(open_device(1).device, first.device);
  EXPECT_EQ(fake_calls("cuModuleLoadData"), loads + 1);
  EXPECT_NE(open_device(0).device, first.device);
  first.device.reset();
  EXPECT_EQ(fake_contexts(), contexts) << "nobody holds it any more";
  EXPECT_TRUE(open_device(1).device);
  EXPECT_EQ(fake_calls("cuModuleLoadData"), loads + 3);
  use_fake_driver_as_system();
  EXPECT_THROW(open_device(1), Error) << "only what is held is shared";
}

TEST(CudaDevice, WhatFailsIsToldInTheDriversWords) {
  const int before = fake_contexts();
  for (const char* function : {"cuDevicePrimaryCtxRetain", "cuCtxPushCurrent_v2",
                               "cuModuleLoadData", "cuModuleGetFunction"}) {
    const OpenedDriver driver = fake_driver(std::string("fail=") + function + ":719");
    EXPECT_THAT([&] { open_device(0, driver, fake_image()); },
                ThrowsMessage<Error>(AllOf(HasSubstr("CUDA device 0"),
                                           HasSubstr("unspecified launch failure (719)"))))
        << function;
  }
  EXPECT_EQ(fake_contexts(), before);
}

TEST(CudaMemory, IsZeroAtFirstAndGivenBack) {
  const size_t before = fake_memory_used();
  {
    const auto device = fake_device();
    const Memory memory(device, 1000, "a test");
    std::vector<std::byte> copy(1000, std::byte{1});
    device->copy_to_host(copy, memory.address());
    EXPECT_EQ(copy, std::vector<std::byte>(1000));
    EXPECT_EQ(fake_memory_used(), before + 1000);
  }
  EXPECT_EQ(fake_memory_used(), before);
}

TEST(CudaMemory, SaysWhatIsNeededWhenItRunsOut) {
  const auto device = fake_device("memory=5000");
  EXPECT_THAT([&] { Memory(device, 6000, "a large thing"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("CUDA device 0 (emulated): out of memory"),
                                         HasSubstr("6000 bytes needed for a large thing"),
                                         HasSubstr("of 5000 free"))));
}

TEST(CudaMemory, IsGivenBackWhenItCannotBeCleared) {
  const auto device = fake_device("fail=cuMemsetD8_v2:719");
  const size_t before = fake_memory_used();
  EXPECT_THROW(Memory(device, 100, "a test"), Error);
  EXPECT_EQ(fake_memory_used(), before);
}

TEST(CudaMemory, MovesAndCopies) {
  const auto device = fake_device();
  Memory from(device, 8, "a test");
  const uint64_t number = 77;
  device->copy_from_host(from.address(), std::as_bytes(std::span(&number, 1)));
  Memory to(device, 16, "a test");
  to.copy_from(from);
  EXPECT_EQ(*to.as<uint64_t>(), 77);
  EXPECT_THROW(from.copy_from(to), std::invalid_argument);
  const Address address = to.address();
  from = std::move(to);
  EXPECT_EQ(from.address(), address);
  EXPECT_EQ(Memory(std::move(from)).size(), 16);
}

TEST(CudaDevice, KernelsRunInTheirStream) {
  const auto device = fake_device();
  const Memory table(device, kKeys * sizeof(uint32_t), "a test");
  const Memory record(device, sizeof(BatchRecord), "a test");
  alignas(16) const float values[] = {1, 2, 2, 0};
  const CountArguments arguments{values, 4, table.as<uint32_t>(), record.as<BatchRecord>()};
  Event done(device);
  done.wait();  // Nothing was recorded.
  device->launch(Kernel::kCount, tensor::ElementType::kFloat32, {.blocks = 1, .threads = 32},
                 arguments, fake_stream());
  EXPECT_EQ(record.as<BatchRecord>()->zero_count, 0);
  done.record(fake_stream());
  done.wait();
  EXPECT_EQ(record.as<BatchRecord>()->zero_count, 1);
  EXPECT_EQ(table.as<uint32_t>()[as_bits(2.0f) >> kKeyShift], 2);
}

TEST(CudaDevice, TypesThatAreNotCountedAreRefused) {
  const auto device = fake_device();
  EXPECT_THAT(
      [&] {
        device->launch(Kernel::kCount, tensor::ElementType::kInt64, {}, CountArguments{}, nullptr);
      },
      ThrowsMessage<std::invalid_argument>(HasSubstr("int64")));
}

TEST(CudaDevice, AKernelThatDoesNotStartIsAnError) {
  const auto device = fake_device("fail=cuLaunchKernel:701");
  EXPECT_THROW(
      device->launch(Kernel::kCount, tensor::ElementType::kFloat32, {}, CountArguments{}, nullptr),
      Error);
}

}  // namespace
}  // namespace rangefinder::cuda
