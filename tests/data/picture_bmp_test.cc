#include "data/picture_bmp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/picture_files.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

void expect_error(const std::string& bytes, const std::string& text) {
  EXPECT_THAT([&] { decode_bmp(bytes, PixelKind::kColor, {.file = "a.bmp"}); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("a.bmp: "), HasSubstr(text))));
}

/// The file with another number in its header.
std::string changed(const char* name, size_t at, size_t size, uint32_t value) {
  std::string bytes = picture_bytes(name);
  for (size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

TEST(PictureBmp, CutFilesAreErrors) {
  for (const char* name : {"rgb24.bmp", "rgba32.bmp", "palette8.bmp", "palette1.bmp"}) {
    const std::string whole = picture_bytes(name);
    for (size_t size = 2; size < whole.size(); ++size) {
      expect_error(whole.substr(0, size), "the file is cut short");
    }
  }
}

TEST(PictureBmp, RefusesWhatIsUncommonOrMakesNoSense) {
  expect_error(changed("palette8.bmp", 30, 4, 1), "run-length compressed");
  expect_error(changed("rgb24.bmp", 28, 2, 16), "16 bits a pixel with compression 0");
  expect_error(changed("rgb24.bmp", 28, 2, 0), "0 bits a pixel");
  expect_error(changed("rgb24.bmp", 30, 4, 4), "24 bits a pixel with compression 4");
  expect_error(changed("rgb24.bmp", 14, 4, 12), "unknown header of 12 bytes");
  expect_error(changed("palette8.bmp", 46, 4, 257), "a palette of 257 colors");
  expect_error(changed("rgb24.bmp", 10, 4, 0xFFFFFFFF), "cut short");
}

TEST(PictureBmp, SizesAreCheckedBeforeMemoryIsTaken) {
  expect_error(changed("rgb24.bmp", 18, 4, 0x7FFFFFFF), "the picture is 2147483647x9");
  expect_error(changed("rgb24.bmp", 18, 4, 0xFFFFFFFF), "the picture is -1x9");
  expect_error(changed("rgb24.bmp", 22, 4, 0x80000000), "the picture is 11x2147483648");
  expect_error(changed("rgb24.bmp", 22, 4, 0), "the picture is 11x0");
  expect_error(changed("rgb24.bmp", 22, 4, 5000), "cut short");
}

}  // namespace
}  // namespace rangefinder::data
