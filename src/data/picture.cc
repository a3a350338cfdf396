#include "data/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/fingerprint.h"
#include "data/picture_decode.h"
#include "data/resize.h"

namespace rangefinder::data {
namespace {

constexpr std::string_view kExtensions[] = {".bmp", ".jpeg", ".jpg", ".jpe",  ".pgm", ".png",
                                            ".pnm", ".ppm",  ".tif", ".tiff", ".webp"};

using Table = std::array<float, 256>;

/// `size` with the open side filled in from the picture's aspect ratio.
PictureSize target_size(const PictureSize& size, const Pixels& picture) {
  if (size.height > 0) return size;
  const int64_t shorter = std::min(picture.width, picture.height);
  const auto scaled = [&](int side) {
    const double exact = static_cast<double>(int64_t{side} * size.width) / shorter;
    // Up to the largest width there is: what is larger is refused by its size.
    return static_cast<int>(std::max(1L, std::lround(std::min<double>(exact, INT32_MAX))));
  };
  return {scaled(picture.width), scaled(picture.height)};
}

Pixels resized(const Pixels& picture, const PictureSize& size, const Error::Place& place) {
  const PictureSize target = target_size(size, picture);
  require_picture_size(target.width, target.height, place);
  return resize(picture, target.width, target.height);
}

/// Where the crop begins in a picture, and its size.
struct Window {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

Window crop(const Pixels& picture, const PictureSize& size, const Error::Place& place) {
  const int height = size.height > 0 ? size.height : size.width;
  if (picture.width < size.width || picture.height < height) {
    throw Error(fmt::format("the picture is {}x{}, the crop needs at least {}x{}", picture.width,
                            picture.height, size.width, height),
                place);
  }
  return {(picture.width - size.width) / 2, (picture.height - height) / 2, size.width, height};
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
void write_channel(const Pixels& picture, const Window& window, size_t channel, const Table& table,
                   float* to, size_t step) {
  const auto channels = static_cast<size_t>(picture.channels);
  for (int y = 0; y < window.height; ++y) {
    const uint8_t* row = picture.row(window.top + y);
    row += static_cast<size_t>(window.left) * channels + channel;
    for (int x = 0; x < window.width; ++x, row += channels, to += step) *to = table[*row];
  }
}

tensor::Shape shape_of(const Window& window, const PictureOptions& options) {
  const auto depth = static_cast<int64_t>(channel_count(options.channels));
  if (options.layout == Layout::kNchw) return {1, depth, window.height, window.width};
  return {1, window.height, window.width, depth};
}

tensor::Tensor to_tensor(const Pixels& picture, const Window& window,
                         const PictureOptions& options) {
  tensor::Tensor result(tensor::ElementType::kFloat32, shape_of(window, options));
  const size_t channels = channel_count(options.channels);
  const bool planar = options.layout == Layout::kNchw;
  const size_t plane = static_cast<size_t>(window.width) * static_cast<size_t>(window.height);
  for (size_t channel = 0; channel < channels; ++channel) {
    const size_t source = options.channels == Channels::kBgr ? 2 - channel : channel;
    const size_t offset = planar ? channel * plane : channel;
    write_channel(picture, window, source, normalization(options, channel),
                  result.floats().data() + offset, planar ? 1 : channels);
  }
  return result;
}

void add_numbers(Fingerprint& fingerprint, const std::vector<double>& numbers) {
  for (const double number : numbers) fingerprint.add(fmt::format("{}", number));
}

}  // namespace

bool is_picture_extension(std::string_view extension) {
  return std::ranges::find(kExtensions, extension) != std::end(kExtensions);
}

void add_options(Fingerprint& fingerprint, const PictureOptions& options) {
  add_numbers(fingerprint, options.mean);
  add_numbers(fingerprint, options.std);
  fingerprint.add(fmt::format("{}", options.scale));
  for (const auto& size : {options.resize, options.crop}) {
    fingerprint.add(size ? fmt::format("{}x{}", size->width, size->height) : "");
  }
  fingerprint.add_number(static_cast<uint64_t>(options.layout));
  fingerprint.add_number(static_cast<uint64_t>(options.channels));
}

tensor::Tensor read_picture(const std::filesystem::path& path, const PictureOptions& options,
                            const HeaderCheck& check) {
  validate(options);
  return parse_picture(read_file(path), options, path.string(), check);
}

tensor::Tensor parse_picture(std::string_view bytes, const PictureOptions& options,
                             const std::string& file, const HeaderCheck& check) {
  validate(options);
  const Error::Place place{.file = file};
  const bool gray = options.channels == Channels::kGray;
  Pixels picture = decode_picture(bytes, gray ? PixelKind::kGray : PixelKind::kColor, place);
  if (options.resize) picture = resized(picture, *options.resize, place);
  const Window window = options.crop ? crop(picture, *options.crop, place)
                                     : Window{.width = picture.width, .height = picture.height};
  if (check) check({{"", {tensor::ElementType::kFloat32, shape_of(window, options)}}});
  return to_tensor(picture, window, options);
}

}  // namespace rangefinder::data
