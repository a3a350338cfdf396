#include "data/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
#include "data/picture_files.h"
#include "data/temporary_folder.h"

namespace rangefinder::data {
namespace {

using tensor::Shape;
using tensor::Tensor;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<float> floats(const Tensor& tensor) {
  return {tensor.floats().begin(), tensor.floats().end()};
}

class Picture : public testing::Test {
 protected:
  std::filesystem::path write(const Pixels& picture) const {
    const std::filesystem::path path = folder_ / "p.ppm";
    write_file(path, pnm_bytes(picture));
    return path;
  }

  /// 2 wide, 1 high: red 10, green 20, blue 30 and red 40, green 50, blue 60.
  std::filesystem::path two_pixels() const {
    return write({.width = 2, .height = 1, .channels = 3, .values = {10, 20, 30, 40, 50, 60}});
  }

  /// Gray value 10 y + x.
  static Pixels grid(int width, int height) {
    Pixels picture{.width = width, .height = height, .channels = 1};
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) picture.values.push_back(static_cast<uint8_t>(10 * y + x));
    }
    return picture;
  }

  TemporaryFolder folder_;
};

TEST_F(Picture, LayoutsAndChannelOrders) {
  const auto path = two_pixels();
  const Tensor planar = read_picture(path, {});
  EXPECT_EQ(planar.shape(), (Shape{1, 3, 1, 2}));
  EXPECT_THAT(floats(planar), ElementsAre(10, 40, 20, 50, 30, 60));
  EXPECT_THAT(floats(read_picture(path, {.channels = Channels::kBgr})),
              ElementsAre(30, 60, 20, 50, 10, 40));
  const Tensor interleaved = read_picture(path, {.layout = Layout::kNhwc});
  EXPECT_EQ(interleaved.shape(), (Shape{1, 1, 2, 3}));
  EXPECT_THAT(floats(interleaved), ElementsAre(10, 20, 30, 40, 50, 60));
}

TEST_F(Picture, GrayIsTheRoundedLuma) {
  const Tensor gray = read_picture(two_pixels(), {.channels = Channels::kGray});
  EXPECT_EQ(gray.shape(), (Shape{1, 1, 1, 2}));
  EXPECT_THAT(floats(gray), ElementsAre(18, 48));  // 0.299 R + 0.587 G + 0.114 B
}

TEST_F(Picture, NormalizesPerChannelInTheirFinalOrder) {
  const Tensor tensor = read_picture(
      two_pixels(), {.mean = {0.1, 0.2, 0.3}, .std = {0.5, 0.25, 0.125}, .scale = 1.0 / 255});
  const auto expected = [](int pixel, double mean, double std) {
    return static_cast<float>((pixel * (1.0 / 255) - mean) / std);
  };
  EXPECT_THAT(floats(tensor), ElementsAre(expected(10, 0.1, 0.5), expected(40, 0.1, 0.5),
                                          expected(20, 0.2, 0.25), expected(50, 0.2, 0.25),
                                          expected(30, 0.3, 0.125), expected(60, 0.3, 0.125)));
  EXPECT_THAT(floats(read_picture(two_pixels(), {.mean = {10}, .std = {2}})),
              ElementsAre(0, 15, 5, 20, 10, 25));
}

TEST_F(Picture, ResizesExactlyOrByTheShorterSide) {
  const auto path = write(grid(8, 4));
  const PictureOptions exact{.resize = PictureSize{2, 6}, .channels = Channels::kGray};
  EXPECT_EQ(read_picture(path, exact).shape(), (Shape{1, 1, 6, 2}));
  const PictureOptions shorter{.resize = PictureSize{6, 0}, .channels = Channels::kGray};
  EXPECT_EQ(read_picture(path, shorter).shape(), (Shape{1, 1, 6, 12}));
}

TEST_F(Picture, ResizingIsBilinearBetweenPixelCenters) {
  const Pixels picture{.width = 2, .height = 1, .channels = 1, .values = {0, 100}};
  const PictureOptions options{.resize = PictureSize{4, 1}, .channels = Channels::kGray};
  EXPECT_THAT(floats(read_picture(write(picture), options)), ElementsAre(0, 25, 75, 100));
}

TEST_F(Picture, CropsFromTheCenter) {
  const auto path = write(grid(6, 5));
  const PictureOptions options{.crop = PictureSize{2, 3}, .channels = Channels::kGray};
  const Tensor tensor = read_picture(path, options);
  EXPECT_EQ(tensor.shape(), (Shape{1, 1, 3, 2}));
  EXPECT_THAT(floats(tensor), ElementsAre(12, 13, 22, 23, 32, 33));
  const PictureOptions square{.crop = PictureSize{3, 0}, .channels = Channels::kGray};
  EXPECT_EQ(read_picture(path, square).shape(), (Shape{1, 1, 3, 3}));
  const PictureOptions large{.crop = PictureSize{6, 6}};
  EXPECT_THAT([&] { read_picture(path, large); },
              ThrowsMessage<Error>(
                  AllOf(HasSubstr(path.string()), HasSubstr("is 6x5"), HasSubstr("at least 6x6"))));
}

TEST_F(Picture, ResizesBeforeItCrops) {
  const PictureOptions options{.resize = PictureSize{4, 0}, .crop = PictureSize{4, 0}};
  EXPECT_EQ(read_picture(write(grid(16, 8)), options).shape(), (Shape{1, 3, 4, 4}));
}

TEST_F(Picture, GrayBecomesThreeEqualChannels) {
  const Tensor tensor = read_picture(write(grid(4, 3)), {});
  EXPECT_EQ(tensor.shape(), (Shape{1, 3, 3, 4}));
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(tensor.floats()[i], tensor.floats()[i + 12]);
    EXPECT_EQ(tensor.floats()[i], tensor.floats()[i + 24]);
  }
}

TEST_F(Picture, TheContentDecidesNotTheName) {
  const auto path = folder_ / "p.png";
  write_file(path, picture_bytes("ycc444.jpg"));
  EXPECT_EQ(read_picture(path, {}).shape(), (Shape{1, 3, 17, 24}));
}

TEST_F(Picture, TheShapeIsKnownBeforeTheValues) {
  const PictureOptions options{.resize = PictureSize{8, 0}, .crop = PictureSize{5, 7}};
  NamedHeaders seen;
  const Tensor tensor =
      read_picture(write(grid(4, 4)), options, [&](const NamedHeaders& found) { seen = found; });
  EXPECT_EQ(seen, (NamedHeaders{{"", {tensor::ElementType::kFloat32, tensor.shape()}}}));
  EXPECT_EQ(tensor.shape(), (Shape{1, 3, 7, 5}));
  EXPECT_THROW(read_picture(write(grid(4, 4)), options, [](const auto&) { throw Error("no"); }),
               Error);
}

TEST_F(Picture, RefusesToResizeBeyondTheLimit) {
  const auto path = write(grid(250, 1));
  const PictureOptions options{.resize = PictureSize{1 << 15, 0}};
  EXPECT_THAT([&] { read_picture(path, options); },
              ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr("8192000x32768"))));
}

TEST_F(Picture, RefusesFilesThatAreNoPictures) {
  const auto path = folder_ / "p.png";
  const auto expect_error = [&](const std::string& bytes, const char* text) {
    write_file(path, bytes);
    EXPECT_THAT([&] { read_picture(path, {}); },
                ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr(text))));
  };
  expect_error("", "empty file");
  expect_error("nonsense", "cannot decode");
  expect_error("GIF89a", "is a GIF file");
  EXPECT_THROW(read_picture(folder_ / "none.png", {}), Error);
  EXPECT_THROW(read_picture(folder_.path(), {}), Error);
}

TEST(PictureExtension, KnowsTheUsualOnes) {
  EXPECT_TRUE(is_picture_extension(".jpg"));
  EXPECT_TRUE(is_picture_extension(".webp"));
  EXPECT_FALSE(is_picture_extension(".npy"));
  EXPECT_FALSE(is_picture_extension(""));
}

}  // namespace
}  // namespace rangefinder::data
