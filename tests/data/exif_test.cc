#include "data/exif.h"

#include <gtest/gtest.h>

#include <string>

namespace rangefinder::data {
namespace {

/// EXIF data with one tag of one 16-bit number.
std::string exif(bool big_endian, uint32_t tag, uint32_t value) {
  std::string bytes = big_endian ? "MM" : "II";
  const auto add = [&](uint32_t number, int size) {
    for (int i = 0; i < size; ++i) {
      bytes += static_cast<char>(number >> (8 * (big_endian ? size - 1 - i : i)));
    }
  };
  add(42, 2);
  add(8, 4);
  add(1, 2);
  add(tag, 2);
  add(3, 2);
  add(1, 4);
  add(value, 2);
  add(0, 2);
  add(0, 4);
  return bytes;
}

TEST(Exif, OrientationInBothByteOrders) {
  for (uint32_t value = 1; value <= 8; ++value) {
    EXPECT_EQ(exif_orientation(exif(false, 0x0112, value)), static_cast<int>(value));
    EXPECT_EQ(exif_orientation(exif(true, 0x0112, value)), static_cast<int>(value));
  }
}

TEST(Exif, WhatIsMissingOrDamagedIsUpright) {
  EXPECT_EQ(exif_orientation(""), 1);
  EXPECT_EQ(exif_orientation("nonsense and more"), 1);
  EXPECT_EQ(exif_orientation(exif(false, 0x0113, 6)), 1);
  for (const uint32_t value : {0u, 9u, 0xFFFFu}) {
    EXPECT_EQ(exif_orientation(exif(true, 0x0112, value)), 1);
  }
  const std::string whole = exif(false, 0x0112, 6);
  // The value's high byte is 0, so that it may be missing.
  for (size_t size = 0; size < 18; ++size) EXPECT_EQ(exif_orientation(whole.substr(0, size)), 1);
}

TEST(Exif, ADirectoryBeyondTheEndIsNone) {
  std::string bytes = exif(false, 0x0112, 6);
  for (size_t at = 4; at < 8; ++at) bytes[at] = '\xFF';
  EXPECT_EQ(exif_orientation(bytes), 1);
}

TEST(Exif, TurnsAndMirrors) {
  // 1 2 3
  // 4 5 6
  const Pixels picture{.width = 3, .height = 2, .channels = 1, .values = {1, 2, 3, 4, 5, 6}};
  const std::vector<std::vector<uint8_t>> expected = {
      {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3},
      {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Pixels turned = turn_upright(picture, orientation);
    EXPECT_EQ(turned.values, expected[static_cast<size_t>(orientation - 1)]) << orientation;
    EXPECT_EQ(turned.width, orientation > 4 ? 2 : 3);
  }
  EXPECT_EQ(turn_upright(picture, 0), picture);
  EXPECT_EQ(turn_upright(picture, 9), picture);
}

TEST(Exif, ChannelsStayTogether) {
  const Pixels picture{.width = 1, .height = 2, .channels = 3, .values = {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(turn_upright(picture, 6).values, (std::vector<uint8_t>{4, 5, 6, 1, 2, 3}));
}

}  // namespace
}  // namespace rangefinder::data
