#include "cuda/kernel_image.h"

#include <gtest/gtest.h>

#include <cstring>

namespace rangefinder::cuda {
namespace {

TEST(CudaKernelImage, IsAFatbinOrEmpty) {
  const auto image = kernel_image();
#if RANGEFINDER_HAS_KERNELS
  constexpr uint32_t kMagic = 0xBA55ED50;
  uint32_t magic = 0;
  ASSERT_GT(image.size(), sizeof(magic));
  std::memcpy(&magic, image.data(), sizeof(magic));
  EXPECT_EQ(magic, kMagic);
#else
  EXPECT_TRUE(image.empty());
#endif
}

}  // namespace
}  // namespace rangefinder::cuda
