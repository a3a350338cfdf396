#include "data/picture_pnm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/picture_files.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

void expect_error(const std::string& bytes, const std::string& text) {
  EXPECT_THAT([&] { decode_pnm(bytes, PixelKind::kColor, {.file = "a.ppm"}); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("a.ppm: "), HasSubstr(text))))
      << bytes;
}

TEST(PicturePnm, TextAndBytes) {
  const std::vector<uint8_t> expected = {7, 10, 255, 0};
  for (const std::string& bytes :
       {std::string("P5 2 2 255\n\x07\x0A\xFF\0", 15), std::string("P2 2 2 255 7 10\n255 0"),
        std::string("P2\n# one\n2 2 # two\n255\n7\t10\r\n255 0\n")}) {
    EXPECT_EQ(decode_pnm(bytes, PixelKind::kGray, {}).values, expected);
  }
  EXPECT_EQ(decode_pnm("P3 1 1 255 10 20 30", PixelKind::kColor, {}).values,
            (std::vector<uint8_t>{10, 20, 30}));
  EXPECT_EQ(decode_pnm("P3 1 1 255 10 20 30", PixelKind::kGray, {}).values,
            (std::vector<uint8_t>{18}));
}

TEST(PicturePnm, CutFilesAreErrors) {
  for (const char* name : {"color.ppm", "gray.pgm"}) {
    const std::string whole = picture_bytes(name);
    for (size_t size = 2; size < whole.size(); ++size) {
      EXPECT_THROW(decode_pnm(whole.substr(0, size), PixelKind::kColor, {}), Error);
    }
  }
  expect_error("P2 2 1 255 12", "cut short");
}

TEST(PicturePnm, RefusesWhatMakesNoSense) {
  expect_error("P5 1 1 65535\n\0\0", "values up to 65535; 1 to 255 are allowed");
  expect_error("P5 1 1 0\n\0", "values up to 0");
  expect_error("P2 1 1 9 10", "a value of 10, at most 9");
  expect_error("P2 1 1 255 -1", "a number is needed");
  expect_error("P2 1 1 255 1x", "a number is needed");
  expect_error("P5 99999999999999999999 1 255\n", "a number is needed");
  expect_error("P5 100000 100000 255\n", "the picture is 100000x100000");
  expect_error("P5 0 1 255\n", "the picture is 0x1");
  expect_error("P5 8000 8000 255\n", "cut short");
}

}  // namespace
}  // namespace rangefinder::data
