#include "data/picture_decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/picture_files.h"

namespace rangefinder::data {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

#if RANGEFINDER_PICTURES

TEST(PictureDecode, GivesWhatOpenCvGaveOfEveryKind) {
  size_t count = 0;
  for (const GoldenPicture& golden : golden_pictures()) {
    const std::string bytes = picture_bytes(golden.name);
    const Pixels color = decode_picture(bytes, PixelKind::kColor, {});
    EXPECT_EQ(color.width, golden.width) << golden.name;
    EXPECT_EQ(color.height, golden.height) << golden.name;
    EXPECT_EQ(hash_of(color), golden.color) << golden.name;
    EXPECT_EQ(hash_of(decode_picture(bytes, PixelKind::kGray, {})), golden.gray) << golden.name;
    ++count;
  }
  EXPECT_EQ(count, 36u);
}

TEST(PictureDecode, ErrorsNameTheFile) {
  EXPECT_NO_THROW(require_pictures({}));
  for (const char* bytes : {"\xFF\xD8\xFF", "\x89PNG", "RIFF....WEBP", "BM", "P6", "GIF8", ""}) {
    EXPECT_THAT([&] { decode_picture(bytes, PixelKind::kColor, {.file = "some/file"}); },
                ThrowsMessage<Error>(HasSubstr("some/file: ")));
  }
}

#else

TEST(PictureDecode, SaysThatPicturesWereLeftOut) {
  EXPECT_FALSE(can_decode_pictures());
  EXPECT_THAT([] { decode_picture("P5 1 1 255\n\0", PixelKind::kColor, {.file = "a.pgm"}); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("a.pgm: is a picture"),
                                                  HasSubstr("RANGEFINDER_PICTURES=OFF"))));
}

#endif

}  // namespace
}  // namespace rangefinder::data
