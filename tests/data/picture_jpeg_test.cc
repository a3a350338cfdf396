#include "data/picture_jpeg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/picture_files.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::string_view kEnd("\xFF\xD9", 2);

void expect_damaged(const std::string& bytes, const std::string& what) {
  for (const PixelKind kind : {PixelKind::kColor, PixelKind::kGray}) {
    EXPECT_THROW(decode_jpeg(bytes, kind, {.file = "a.jpg"}), Error) << what;
  }
}

/// Where the entropy-coded data of the first scan begins.
size_t scan_begin(const std::string& bytes) {
  const size_t marker = bytes.find("\xFF\xDA");
  return marker + 4 + static_cast<uint8_t>(bytes[marker + 3]) - 2;
}

TEST(PictureJpeg, CutFilesAreErrors) {
  for (const char* name : {"ycc444.jpg", "ycc420.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg",
                           "restarts.jpg", "exif6.jpg"}) {
    const std::string whole = picture_bytes(name);
    for (size_t size = 0; size < whole.size(); ++size) {
      expect_damaged(whole.substr(0, size), name + std::to_string(size));
    }
  }
}

TEST(PictureJpeg, ScansThatEndTooEarlyAreErrorsDespiteTheirEndMarker) {
  for (const char* name : {"ycc444.jpg", "ycc420.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg",
                           "restarts.jpg", "exif6.jpg"}) {
    const std::string whole = picture_bytes(name);
    // The last bytes may hold nothing but padding, which nobody misses.
    for (size_t size = scan_begin(whole); size + 4 < whole.size(); ++size) {
      expect_damaged(whole.substr(0, size) + std::string(kEnd), name + std::to_string(size));
    }
  }
}

TEST(PictureJpeg, EndingBetweenTwoScansIsAnError) {
  const std::string whole = picture_bytes("progressive.jpg");
  size_t count = 0;
  size_t at = whole.find("\xFF\xDA");
  while ((at = whole.find("\xFF\xDA", at + 1)) != std::string::npos) {
    // The tables before a scan belong to it.
    const size_t tables = whole.rfind("\xFF\xC4", at);
    for (const size_t size : {at, tables}) {
      EXPECT_THAT(
          [&] { decode_jpeg(whole.substr(0, size) + std::string(kEnd), PixelKind::kColor, {}); },
          ThrowsMessage<Error>(HasSubstr("cut short: scans are missing")));
    }
    ++count;
  }
  EXPECT_GE(count, 5u);
}

TEST(PictureJpeg, SomeFlippedBitsOfAScanAreErrors) {
  const std::string whole = picture_bytes("ycc444.jpg");
  int error_count = 0;
  int total = 0;
  for (size_t at = scan_begin(whole); at + 2 < whole.size(); ++at, ++total) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    try {
      decode_jpeg(bytes, PixelKind::kColor, {});
    } catch (const Error&) {
      ++error_count;
    }
  }
  // There is no checksum, and a flipped bit mostly makes another valid code: libjpeg notices 67 of
  // these 296. None was noticed while its warnings were ignored.
  EXPECT_GT(error_count, total / 5);
}

TEST(PictureJpeg, BytesBehindTheEndMarkerAreIgnored) {
  const std::string whole = picture_bytes("ycc420.jpg");
  EXPECT_EQ(decode_jpeg(whole + "trailer", PixelKind::kColor, {}),
            decode_jpeg(whole, PixelKind::kColor, {}));
}

TEST(PictureJpeg, SizesAreCheckedBeforeMemoryIsTaken) {
  std::string bytes = picture_bytes("progressive.jpg");
  const size_t frame = bytes.find("\xFF\xC2");
  for (size_t at = frame + 5; at < frame + 9; ++at) bytes[at] = '\xFE';
  EXPECT_THAT([&] { decode_jpeg(bytes, PixelKind::kColor, {.file = "a.jpg"}); },
              ThrowsMessage<Error>(HasSubstr("a.jpg: the picture is 65278x65278")));
}

TEST(PictureJpeg, ManyScansAreAnError) {
  const std::string whole = picture_bytes("progressive.jpg");
  const size_t last = whole.rfind("\xFF\xDA");
  const std::string scan = whole.substr(last, whole.size() - 2 - last);
  std::string bytes = whole.substr(0, last);
  for (int i = 0; i < 300; ++i) bytes += scan;
  expect_damaged(bytes + std::string(kEnd), "300 scans");
}

}  // namespace
}  // namespace rangefinder::data
