#include "data/picture_webp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/picture_files.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

void expect_error(const std::string& bytes, const std::string& text) {
  EXPECT_THAT([&] { decode_webp(bytes, PixelKind::kColor, {.file = "a.webp"}); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("a.webp: "), HasSubstr(text))))
      << bytes.size();
}

TEST(PictureWebp, CutFilesAreErrors) {
  for (const char* name :
       {"lossy.webp", "lossless.webp", "alpha.webp", "alpha_lossless.webp", "exif6.webp"}) {
    const std::string whole = picture_bytes(name);
    for (size_t size = 12; size < whole.size(); ++size) {
      expect_error(whole.substr(0, size), "cannot decode the WebP picture: ");
    }
  }
}

TEST(PictureWebp, CutDataAreErrorsInAContainerOfTheRightSize) {
  for (const char* name : {"lossy.webp", "lossless.webp"}) {
    const std::string whole = picture_bytes(name);
    for (size_t size = 30; size + 8 < whole.size(); size += 2) {
      std::string bytes = whole.substr(0, size);
      for (size_t i = 0; i < 4; ++i) {
        bytes[4 + i] = static_cast<char>((size - 8) >> (8 * i));
        bytes[16 + i] = static_cast<char>((size - 20) >> (8 * i));
      }
      expect_error(bytes, "cannot decode the WebP picture: ");
    }
  }
}

TEST(PictureWebp, AnimationsAreRefused) {
  std::string bytes("RIFF\x16\0\0\0WEBPVP8X\x0A\0\0\0\x02\0\0\0\x01\0\0\x01\0\0", 30);
  expect_error(bytes, "is an animated WebP");
}

TEST(PictureWebp, SizesAreCheckedBeforeMemoryIsTaken) {
  std::string bytes = picture_bytes("lossless.webp");
  // 14 bits each of width - 1 and height - 1 behind the signature.
  bytes.replace(21, 4, "\xFF\xFF\xFF\x0F");
  expect_error(bytes, "the picture is 16384x16384");
}

}  // namespace
}  // namespace rangefinder::data
