#include "data/resize.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "data/picture_files.h"

namespace rangefinder::data {
namespace {

/// Values that look random and are the same everywhere.
Pixels example(int width, int height, int channels) {
  Pixels pixels{.width = width, .height = height, .channels = channels};
  uint32_t state = 1;
  for (size_t i = 0; i < pixels.row_size() * static_cast<size_t>(height); ++i) {
    state = state * 1664525 + 1013904223;
    pixels.values.push_back(static_cast<uint8_t>(state >> 24));
  }
  return pixels;
}

TEST(Resize, IsBilinearBetweenPixelCenters) {
  const Pixels row{.width = 2, .height = 1, .channels = 1, .values = {0, 100}};
  EXPECT_EQ(resize(row, 4, 1).values, (std::vector<uint8_t>{0, 25, 75, 100}));
  const Pixels column{.width = 1, .height = 2, .channels = 1, .values = {0, 100}};
  EXPECT_EQ(resize(column, 1, 4).values, (std::vector<uint8_t>{0, 25, 75, 100}));
}

TEST(Resize, GivesWhatOpenCvGives) {
  // Figures of OpenCV 4.6, cv::resize with INTER_LINEAR_EXACT, of the same pixels.
  struct Case {
    int channels, from_width, from_height, width, height;
    const char* hash;
  };
  for (const Case& c :
       {Case{1, 2, 1, 4, 1, "bbf9d91a6720108e"}, Case{3, 7, 5, 13, 11, "5f1aef0934f8bd25"},
        Case{1, 64, 48, 17, 9, "5148344b31c7b35c"}, Case{3, 100, 3, 99, 4, "f20a74e2c4840fff"},
        Case{1, 1, 1, 5, 4, "aa66d6b5674ba825"}, Case{3, 33, 77, 224, 224, "3662281d9ec8c091"},
        Case{3, 640, 480, 320, 240, "856ad5ead52e4d8d"}, Case{1, 5, 9, 10, 3, "d6321888f851b104"},
        Case{3, 17, 1000, 16, 1, "e02470ea32254d7c"}, Case{1, 3, 3, 700, 2, "6927fa6086ba8300"}}) {
    const Pixels result =
        resize(example(c.from_width, c.from_height, c.channels), c.width, c.height);
    EXPECT_EQ(hash_of(result), c.hash) << c.from_width << "x" << c.from_height << " to " << c.width
                                       << "x" << c.height << ", " << c.channels;
  }
}

TEST(Resize, KeepsASizeAndAConstant) {
  const Pixels pixels = example(7, 5, 3);
  EXPECT_EQ(resize(pixels, 7, 5), pixels);
  const Pixels white{
      .width = 3, .height = 2, .channels = 1, .values = std::vector<uint8_t>(6, uint8_t{255})};
  for (const uint8_t value : resize(white, 50, 41).values) EXPECT_EQ(value, 255);
}

TEST(Resize, RefusesSidesBelowOne) {
  EXPECT_THROW(resize(example(2, 2, 1), 0, 1), std::invalid_argument);
  EXPECT_THROW(resize(example(2, 2, 1), 1, -1), std::invalid_argument);
  EXPECT_THROW(resize(Pixels{}, 1, 1), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::data
