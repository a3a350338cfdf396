#include "data/picture_png.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "data/picture_files.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::string number(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string chunk(const std::string& name, const std::string& data) {
  const std::string body = name + data;
  const auto checksum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return number(static_cast<uint32_t>(data.size())) + body +
         number(static_cast<uint32_t>(checksum));
}

std::string deflated(const std::string& data) {
  uLongf size = compressBound(static_cast<uLong>(data.size()));
  std::string bytes(size, '\0');
  compress(reinterpret_cast<Bytef*>(bytes.data()), &size,
           reinterpret_cast<const Bytef*>(data.data()), static_cast<uLong>(data.size()));
  bytes.resize(size);
  return bytes;
}

/// A gray picture of 8 bits; `data` is what stands deflated in it, `before` the chunks before that.
std::string gray_png(uint32_t width, uint32_t height, const std::string& data,
                     const std::string& before = {}) {
  std::string bytes("\x89PNG\r\n\x1A\n");
  bytes += chunk("IHDR", number(width) + number(height) + std::string("\x08\0\0\0\0", 5));
  return bytes + before + chunk("IDAT", data) + chunk("IEND", "");
}

/// Two rows of two pixels, each behind its filter.
const std::string kRows("\0\x01\x02\0\x03\x04", 6);

void expect_error(const std::string& bytes, const std::string& text) {
  EXPECT_THAT([&] { decode_png(bytes, PixelKind::kColor, {.file = "a.png"}); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("a.png: "), HasSubstr(text))));
}

TEST(PicturePng, DecodesRows) {
  EXPECT_EQ(decode_png(gray_png(2, 2, deflated(kRows)), PixelKind::kGray, {}).values,
            (std::vector<uint8_t>{1, 2, 3, 4}));
}

TEST(PicturePng, CutFilesAreErrors) {
  for (const char* name : {"rgb8.png", "rgb16.png", "palette8.png", "transparent.png"}) {
    const std::string whole = picture_bytes(name);
    for (size_t size = 8; size < whole.size(); ++size) {
      expect_error(whole.substr(0, size), "cannot decode the PNG picture: ");
    }
  }
}

TEST(PicturePng, EveryFlippedByteIsAnError) {
  for (const char* name : {"gray16.png", "rgb8.png", "exif6.png"}) {
    const std::string whole = picture_bytes(name);
    for (size_t at = 0; at < whole.size(); ++at) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
      EXPECT_THROW(decode_png(bytes, PixelKind::kColor, {}), Error) << name << " " << at;
    }
  }
}

TEST(PicturePng, ChecksumsOfTheDeflatedDataAreChecked) {
  std::string data = deflated(kRows);
  data.back() = static_cast<char>(data.back() ^ 1);
  expect_error(gray_png(2, 2, data), "incorrect data check");
  data = deflated(kRows);
  expect_error(gray_png(2, 2, data.substr(0, data.size() - 4)), "cannot decode");
  expect_error(gray_png(2, 2, data + "more"), "cannot decode");
  expect_error(gray_png(2, 2, deflated(kRows.substr(0, 5))), "cannot decode");
  expect_error(gray_png(2, 2, deflated(kRows + "more")), "cannot decode");
}

TEST(PicturePng, SizesAreCheckedBeforeMemoryIsTaken) {
  expect_error(gray_png(100000, 100000, deflated(kRows)), "the picture is 100000x100000");
  expect_error(gray_png(8000, 8000, deflated(kRows)), "more pixels than so small a file can hold");
}

TEST(PicturePng, ManySmallFilesOfLargePicturesAreReal) {
  const std::string rows(1001 * 1000, '\0');
  EXPECT_EQ(decode_png(gray_png(1000, 1000, deflated(rows)), PixelKind::kGray, {}).width, 1000);
}

TEST(PicturePng, AnimationsAreRefused) {
  const std::string control = chunk("acTL", number(2) + number(0));
  expect_error(gray_png(2, 2, deflated(kRows), control), "is an animated PNG");
}

}  // namespace
}  // namespace rangefinder::data
