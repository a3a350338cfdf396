#include "rangefinder/picture_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

namespace rangefinder {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(PictureSize, Parses) {
  EXPECT_EQ(parse_picture_size("640x480"), (PictureSize{640, 480}));
  EXPECT_EQ(parse_picture_size("256"), (PictureSize{256, 0}));
  for (const char* text :
       {"", "x", "0", "0x1", "1x0", "1x", "x1", "-1", "2x3x4", "2 x3", "1.5", "99999999999"}) {
    EXPECT_THROW(parse_picture_size(text), std::invalid_argument) << text;
  }
}

TEST(PictureNumbers, Parses) {
  EXPECT_THAT(parse_numbers("0.485,0.456,0.406"), ElementsAre(0.485, 0.456, 0.406));
  EXPECT_THAT(parse_numbers("1/255,-2e1"), ElementsAre(1.0 / 255, -20));
  for (const char* text : {"", ",", "1,", "1/0", "1/", "a", "1 ", "nan", "inf", "1/2/3"}) {
    EXPECT_THROW(parse_numbers(text), std::invalid_argument) << text;
  }
}

TEST(PictureOptions, RefusesWhatCannotBeMeant) {
  EXPECT_NO_THROW(validate({}));
  EXPECT_THAT(
      [] {
        validate({.mean = {1, 2}});
      },
      ThrowsMessage<std::invalid_argument>("mean: 2 values for 3 channels; 1 or 3 are needed"));
  for (const PictureOptions& options :
       {PictureOptions{.mean = {}}, PictureOptions{.std = {1, 0, 1}},
        PictureOptions{.std = {1, 1, 1}, .channels = Channels::kGray},
        PictureOptions{.scale = std::numeric_limits<double>::infinity()},
        PictureOptions{.resize = PictureSize{0, 5}}, PictureOptions{.crop = PictureSize{5, -1}},
        PictureOptions{.resize = PictureSize{1 << 20, 5}}}) {
    EXPECT_THROW(validate(options), std::invalid_argument);
  }
}

}  // namespace
}  // namespace rangefinder
