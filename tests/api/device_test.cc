#include "rangefinder/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace rangefinder {
namespace {

TEST(Device, IsReadAndWritten) {
  EXPECT_EQ(parse_device("cpu"), Device());
  EXPECT_EQ(parse_device("cuda"), (Device{.kind = Device::Kind::kCuda, .number = 0}));
  EXPECT_EQ(parse_device("cuda:12"), (Device{.kind = Device::Kind::kCuda, .number = 12}));
  for (const char* text : {"cpu", "cuda:0", "cuda:3"}) {
    EXPECT_EQ(to_string(parse_device(text)), text);
  }
}

TEST(Device, AnythingElseIsRefusedWithWhatIsAllowed) {
  for (const char* text :
       {"", "CUDA", "gpu", "cuda:", "cuda:-1", "cuda:1x", "cuda: 1", "cpu:0", "cuda:99999999999"}) {
    EXPECT_THAT([&] { parse_device(text); },
                testing::ThrowsMessage<std::invalid_argument>(
                    "device is '" + std::string(text) + "'; allowed are cpu, cuda and cuda:N"));
  }
}

}  // namespace
}  // namespace rangefinder
