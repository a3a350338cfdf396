#include "data/pixels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Pixels, SizesAreCheckedWithoutOverflow) {
  EXPECT_NO_THROW(require_picture_size(1, 1, {}));
  EXPECT_NO_THROW(require_picture_size(8192, 8192, {}));
  EXPECT_NO_THROW(require_picture_size(kMaxPixelCount, 1, {}));
  for (const auto& [width, height] :
       {std::pair<int64_t, int64_t>{0, 5}, {5, 0}, {-1, 5}, {8193, 8192}, {INT64_MAX, INT64_MAX}}) {
    EXPECT_THROW(require_picture_size(width, height, {}), Error) << width << "x" << height;
  }
  EXPECT_THAT([] { require_picture_size(100000, 100000, {.file = "a.png"}); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("a.png"), HasSubstr("100000x100000"),
                                                  HasSubstr("67108864"))));
}

TEST(Pixels, LumasAreRoundedAndKeepGray) {
  for (int value = 0; value < 256; ++value) {
    const auto gray = static_cast<uint8_t>(value);
    EXPECT_EQ(luma(gray, gray, gray), gray);
    EXPECT_EQ(coarse_luma(gray, gray, gray), gray);
  }
  for (const auto& [red, green, blue] :
       {std::array<uint8_t, 3>{10, 20, 30}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {1, 200, 77}}) {
    const double exact = 0.299 * red + 0.587 * green + 0.114 * blue;
    EXPECT_NEAR(luma(red, green, blue), exact, 0.51);
    EXPECT_NEAR(coarse_luma(red, green, blue), exact, 0.51);
  }
}

}  // namespace
}  // namespace rangefinder::data
