#include "data/picture_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rangefinder::data {
namespace {

using namespace std::string_view_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(PictureFormat, IsToldByTheFirstBytes) {
  EXPECT_EQ(picture_format("\xFF\xD8\xFF\xE0...", {}), PictureFormat::kJpeg);
  EXPECT_EQ(picture_format("\x89PNG\r\n\x1A\n", {}), PictureFormat::kPng);
  EXPECT_EQ(picture_format("RIFF....WEBPVP8 ", {}), PictureFormat::kWebp);
  EXPECT_EQ(picture_format("BM...", {}), PictureFormat::kBmp);
  EXPECT_EQ(picture_format("P6 1 1 255\n...", {}), PictureFormat::kPnm);
}

TEST(PictureFormat, OthersAreRefusedByName) {
  const auto expect_error = [](std::string_view bytes, const char* text) {
    EXPECT_THAT([&] { picture_format(bytes, {.file = "a.png"}); },
                ThrowsMessage<Error>(
                    AllOf(HasSubstr("a.png: "), HasSubstr(text), HasSubstr("are decoded"))));
  };
  expect_error("GIF89a", "is a GIF file");
  expect_error("II*\0\0\0\0\0"sv, "is a TIFF file");
  expect_error("MM\0*\0\0\0\0"sv, "is a TIFF file");
  expect_error(
      "\0\0\0\x18"
      "ftypheic"sv,
      "is a HEIC file");
  expect_error(
      "\0\0\0\x18"
      "ftypavif"sv,
      "is a AVIF file");
  expect_error("\0\0\0\x0CjP  \r\n"sv, "JPEG 2000");
  expect_error("\x76\x2F\x31\x01", "OpenEXR");
  expect_error("#?RADIANCE\n", "Radiance");
  expect_error("P4 1 1\n", "PBM");
  expect_error("\x93NUMPY", ".npy");
  expect_error("RIFF....WAVE", "no known format");
  expect_error("nonsense", "no known format");
  expect_error("P", "no known format");
}

TEST(PictureFormat, AWebPageIsAdvisedOn) {
  EXPECT_THAT([] { picture_format("<!DOCTYPE html>", {.file = "a.png"}); },
              ThrowsMessage<Error>(HasSubstr("a.png: is no picture but a web page")));
}

TEST(PictureFormat, AnEmptyFileIsNone) {
  EXPECT_THAT([] { picture_format("", {.file = "a.png"}); },
              ThrowsMessage<Error>(HasSubstr("empty file")));
}

}  // namespace
}  // namespace rangefinder::data
