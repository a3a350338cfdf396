#include "data/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
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
  /// A lossless picture of the given BGR pixels.
  std::filesystem::path write(const cv::Mat& picture, const char* name = "p.png") const {
    const std::filesystem::path path = folder_ / name;
    if (!cv::imwrite(path.string(), picture)) throw std::runtime_error("imwrite");
    return path;
  }

  /// 2 wide, 1 high: red 10, green 20, blue 30 and red 40, green 50, blue 60.
  std::filesystem::path two_pixels() const {
    cv::Mat picture(1, 2, CV_8UC3);
    picture.at<cv::Vec3b>(0, 0) = {30, 20, 10};
    picture.at<cv::Vec3b>(0, 1) = {60, 50, 40};
    return write(picture);
  }

  /// Gray value 10 y + x.
  static cv::Mat grid(int width, int height) {
    cv::Mat picture(height, width, CV_8UC1);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) picture.at<uint8_t>(y, x) = static_cast<uint8_t>(10 * y + x);
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
  cv::Mat picture(1, 2, CV_8UC1);
  picture.at<uint8_t>(0, 0) = 0;
  picture.at<uint8_t>(0, 1) = 100;
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

TEST_F(Picture, ReadsGrayAlphaSixteenBitAndOtherFormats) {
  const Tensor expected = read_picture(write(grid(4, 3), "gray.png"), {});
  EXPECT_EQ(expected.shape(), (Shape{1, 3, 3, 4})) << "gray becomes three equal channels";
  cv::Mat wide;
  grid(4, 3).convertTo(wide, CV_16U, 257);
  EXPECT_EQ(read_picture(write(wide, "wide.png"), {}), expected);
  const cv::Mat alpha(3, 4, CV_8UC4, cv::Scalar(1, 2, 3, 0));
  EXPECT_EQ(floats(read_picture(write(alpha, "alpha.png"), {})).front(), 3.0f);
  for (const char* name : {"p.bmp", "p.pgm", "p.tiff"}) {
    EXPECT_EQ(read_picture(write(grid(4, 3), name), {}), expected) << name;
  }
  for (const char* name : {"p.jpg", "p.webp"}) {
    EXPECT_EQ(read_picture(write(grid(4, 3), name), {}).shape(), expected.shape()) << name;
  }
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
  EXPECT_THROW(read_picture(folder_ / "none.png", {}), Error);
  EXPECT_THROW(read_picture(folder_.path(), {}), Error);
}

TEST_F(Picture, RefusesPicturesThatAreCutShort) {
  cv::Mat noise(64, 64, CV_8UC3);
  cv::randu(noise, 0, 256);
  for (const char* name : {"p.png", "p.jpg", "p.bmp", "p.webp"}) {
    const auto path = write(noise, name);
    const std::string whole = read_file(path);
    EXPECT_NO_THROW(read_picture(path, {})) << name;
    for (const size_t size : {whole.size() / 4, whole.size() / 2, whole.size() - 40}) {
      write_file(path, whole.substr(0, size));
      EXPECT_THROW(read_picture(path, {}), Error) << name << " " << size;
    }
  }
}

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

TEST(PictureExtension, KnowsTheUsualOnes) {
  EXPECT_TRUE(is_picture_extension(".jpg"));
  EXPECT_TRUE(is_picture_extension(".webp"));
  EXPECT_FALSE(is_picture_extension(".npy"));
  EXPECT_FALSE(is_picture_extension(""));
}

}  // namespace
}  // namespace rangefinder::data
