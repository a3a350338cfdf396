#include "data/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "base/error.h"
#include "base/file.h"

namespace rangefinder::data {
namespace {

constexpr std::string_view kExtensions[] = {".bmp", ".jpeg", ".jpg", ".jpe",  ".pgm", ".png",
                                            ".pnm", ".ppm",  ".tif", ".tiff", ".webp"};

using Table = std::array<float, 256>;

size_t channel_count(Channels channels) { return channels == Channels::kGray ? 1 : 3; }

double parse_number(std::string_view text, std::string_view whole) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    throw std::invalid_argument(
        fmt::format("'{}': numbers like 0.5 or 1/255, separated by commas, are needed", whole));
  }
  return value;
}

double parse_fraction(std::string_view text, std::string_view whole) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return parse_number(text, whole);
  const double divisor = parse_number(text.substr(slash + 1), whole);
  if (divisor == 0) throw std::invalid_argument(fmt::format("'{}': division by 0", whole));
  return parse_number(text.substr(0, slash), whole) / divisor;
}

int parse_side(std::string_view text, std::string_view whole) {
  int side = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, side);
  if (error != std::errc() || stop != end || side < 1) {
    throw std::invalid_argument(fmt::format("'{}': a size like 224x224 or 256 is needed", whole));
  }
  return side;
}

void validate_numbers(std::string_view option, const std::vector<double>& values, size_t channels) {
  if (values.size() != 1 && values.size() != channels) {
    throw std::invalid_argument(fmt::format("{}: {} values for {} channel{}; 1 or {} are needed",
                                            option, values.size(), channels,
                                            channels == 1 ? "" : "s", channels));
  }
  if (!std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) {
    throw std::invalid_argument(fmt::format("{}: finite numbers are needed", option));
  }
}

void validate_size(std::string_view option, const std::optional<PictureSize>& size) {
  constexpr int kMax = 1 << 15;
  if (!size) return;
  if (size->width < 1 || size->height < 0 || size->width > kMax || size->height > kMax) {
    throw std::invalid_argument(fmt::format("{}: sizes of 1 to {} are needed", option, kMax));
  }
}

/// Whether a JPEG stream ends before its end marker. The decoder would fill the rest with gray and
/// report nothing. Walks the segments up to the first scan, so that a thumbnail's end marker inside
/// the metadata is not taken for the picture's.
bool is_cut_jpeg(std::string_view bytes) {
  if (!bytes.starts_with("\xFF\xD8\xFF")) return false;
  constexpr uint8_t kStartOfScan = 0xDA;
  size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == '\xFF') {
    const auto marker = static_cast<uint8_t>(bytes[at + 1]);
    if (marker == kStartOfScan) return bytes.find("\xFF\xD9", at) == std::string_view::npos;
    if (marker == 0xFF) {  // Fill bytes may stand before a marker.
      ++at;
      continue;
    }
    at += 2u + (static_cast<size_t>(static_cast<uint8_t>(bytes[at + 2])) << 8) +
          static_cast<uint8_t>(bytes[at + 3]);
  }
  return true;
}

cv::Mat decode(const std::string& bytes, Channels channels, const Error::Place& place) {
  if (bytes.empty()) throw Error("the picture is an empty file", place);
  if (is_cut_jpeg(bytes)) throw Error("the picture is cut short: its end marker is missing", place);
  const cv::Mat raw(1, static_cast<int>(bytes.size()), CV_8UC1,
                    const_cast<char*>(bytes.data()));  // Only read from.
  cv::Mat picture;
  try {
    picture =
        cv::imdecode(raw, channels == Channels::kGray ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
  } catch (const cv::Exception& error) {
    throw Error("cannot decode the picture: " + error.err, place);
  }
  if (picture.empty())
    throw Error("cannot decode the picture: damaged, or of no known kind", place);
  return picture;
}

/// `size` with the open side filled in from the picture's aspect ratio.
cv::Size target_size(const PictureSize& size, const cv::Mat& picture) {
  if (size.height > 0) return {size.width, size.height};
  const int shorter = std::min(picture.cols, picture.rows);
  const auto scaled = [&](int side) {
    return std::max(
        1, static_cast<int>(std::lround(static_cast<double>(side) * size.width / shorter)));
  };
  return {scaled(picture.cols), scaled(picture.rows)};
}

cv::Mat resize(const cv::Mat& picture, const PictureSize& size, const Error::Place& place) {
  cv::Mat resized;
  try {
    cv::resize(picture, resized, target_size(size, picture), 0, 0, cv::INTER_LINEAR_EXACT);
  } catch (const cv::Exception& error) {
    throw Error("cannot resize the picture: " + error.err, place);
  }
  return resized;
}

cv::Mat crop(const cv::Mat& picture, const PictureSize& size, const Error::Place& place) {
  const int height = size.height > 0 ? size.height : size.width;
  if (picture.cols < size.width || picture.rows < height) {
    throw Error(fmt::format("the picture is {}x{}, the crop needs at least {}x{}", picture.cols,
                            picture.rows, size.width, height),
                place);
  }
  return picture(
      cv::Rect((picture.cols - size.width) / 2, (picture.rows - height) / 2, size.width, height));
}

/// The float of each of the 256 pixel values in one channel.
Table normalization(const PictureOptions& options, size_t channel) {
  const double mean = options.mean[options.mean.size() == 1 ? 0 : channel];
  const double std = options.std[options.std.size() == 1 ? 0 : channel];
  Table table;
  for (size_t pixel = 0; pixel < table.size(); ++pixel) {
    table[pixel] = static_cast<float>((static_cast<double>(pixel) * options.scale - mean) / std);
  }
  return table;
}

/// Writes one channel: `step` floats apart, row after row.
void write_channel(const cv::Mat& picture, size_t channel, const Table& table, float* to,
                   size_t step) {
  const auto channels = static_cast<size_t>(picture.channels());
  for (int y = 0; y < picture.rows; ++y) {
    const uint8_t* row = picture.ptr<uint8_t>(y) + channel;
    for (int x = 0; x < picture.cols; ++x, row += channels, to += step) *to = table[*row];
  }
}

tensor::Tensor to_tensor(const cv::Mat& picture, const PictureOptions& options) {
  const int64_t height = picture.rows;
  const int64_t width = picture.cols;
  const size_t channels = channel_count(options.channels);
  const auto depth = static_cast<int64_t>(channels);
  const bool planar = options.layout == Layout::kNchw;
  tensor::Tensor result(
      tensor::ElementType::kFloat32,
      planar ? tensor::Shape{1, depth, height, width} : tensor::Shape{1, height, width, depth});
  for (size_t channel = 0; channel < channels; ++channel) {
    // OpenCV's pictures are BGR.
    const size_t source = options.channels == Channels::kRgb ? 2 - channel : channel;
    const size_t offset = planar ? channel * static_cast<size_t>(height * width) : channel;
    write_channel(picture, source, normalization(options, channel), result.floats().data() + offset,
                  planar ? 1 : channels);
  }
  return result;
}

}  // namespace

PictureSize parse_picture_size(std::string_view text) {
  const size_t x = text.find('x');
  PictureSize size{.width = parse_side(text.substr(0, x), text)};
  if (x != std::string_view::npos) size.height = parse_side(text.substr(x + 1), text);
  return size;
}

std::vector<double> parse_numbers(std::string_view text) {
  std::vector<double> numbers;
  std::string_view rest = text;
  while (true) {
    const size_t comma = rest.find(',');
    numbers.push_back(parse_fraction(rest.substr(0, comma), text));
    if (comma == std::string_view::npos) return numbers;
    rest.remove_prefix(comma + 1);
  }
}

void validate(const PictureOptions& options) {
  const size_t channels = channel_count(options.channels);
  validate_numbers("mean", options.mean, channels);
  validate_numbers("std", options.std, channels);
  if (std::ranges::count(options.std, 0.0) > 0)
    throw std::invalid_argument("std: 0 is not allowed");
  validate_numbers("scale", {options.scale}, channels);
  validate_size("resize", options.resize);
  validate_size("crop", options.crop);
}

bool is_picture_extension(std::string_view extension) {
  return std::ranges::find(kExtensions, extension) != std::end(kExtensions);
}

tensor::Tensor read_picture(const std::filesystem::path& path, const PictureOptions& options) {
  validate(options);
  const Error::Place place{.file = path.string()};
  cv::Mat picture = decode(read_file(path), options.channels, place);
  if (options.resize) picture = resize(picture, *options.resize, place);
  if (options.crop) picture = crop(picture, *options.crop, place);
  return to_tensor(picture, options);
}

}  // namespace rangefinder::data
