#include "data/picture_bmp.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <string>

namespace rangefinder::data {
namespace {

struct Color {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;
};

/// Two headers, then a palette or masks, then rows of pixels, each filled up to 4 bytes.
class BmpDecoder {
 public:
  BmpDecoder(std::string_view bytes, PixelKind kind, const Error::Place& place)
      : bytes_(bytes), kind_(kind), place_(place) {}

  Pixels decode() {
    read_header();
    const size_t row_size = (static_cast<size_t>(width_) * bits_ + 31) / 32 * 4;
    const size_t begin = number(10, 4);
    require(begin, row_size * static_cast<size_t>(height_));
    Pixels pixels{.width = static_cast<int>(width_),
                  .height = static_cast<int>(height_),
                  .channels = channel_count(kind_)};
    pixels.values.resize(pixels.row_size() * static_cast<size_t>(height_));
    for (int y = 0; y < pixels.height; ++y) {
      const int line = from_top_ ? y : pixels.height - 1 - y;
      const auto row = bytes_.substr(begin + static_cast<size_t>(line) * row_size, row_size);
      for (int x = 0; x < pixels.width; ++x)
        put(pixels, x, y, color_at(row, static_cast<size_t>(x)));
    }
    return pixels;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Error("cannot decode the BMP picture: " + why, place_);
  }

  void require(size_t at, size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) fail("the file is cut short");
  }

  /// Little endian.
  uint32_t number(size_t at, size_t size) const {
    require(at, size);
    uint32_t value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes_[at + i]);
    return value;
  }

  void read_header() {
    const uint32_t header = number(14, 4);
    if (header < 40 || header > 124) fail(fmt::format("unknown header of {} bytes", header));
    width_ = static_cast<int32_t>(number(18, 4));
    height_ = static_cast<int32_t>(number(22, 4));
    from_top_ = height_ < 0;
    height_ = std::abs(height_);
    require_picture_size(width_, height_, place_);
    bits_ = number(28, 2);
    require_known(number(30, 4), header);
    if (bits_ <= 8) read_palette(14 + header);
  }

  void require_known(uint32_t compression, uint32_t header) const {
    constexpr uint32_t kRuns8 = 1;
    constexpr uint32_t kRuns4 = 2;
    constexpr uint32_t kMasks = 3;
    if (compression == kRuns8 || compression == kRuns4) fail("run-length compressed");
    const bool palette = bits_ == 1 || bits_ == 4 || bits_ == 8;
    const bool plain = compression == 0 && (palette || bits_ == 24 || bits_ == 32);
    // In a longer header the masks are a part of it; behind a short one they follow: the same
    // place.
    const bool usual_masks = compression == kMasks && bits_ == 32 && header >= 40 &&
                             number(54, 4) == 0xFF0000 && number(58, 4) == 0xFF00 &&
                             number(62, 4) == 0xFF;
    if (!plain && !usual_masks) {
      fail(fmt::format("{} bits a pixel with compression {}", bits_, compression));
    }
  }

  void read_palette(size_t at) {
    const uint32_t announced = number(46, 4);
    const uint32_t count = announced == 0 ? 1u << bits_ : announced;
    if (count > 1u << bits_) fail(fmt::format("a palette of {} colors", count));
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t color = number(at + 4 * i, 4);
      palette_[i] = {static_cast<uint8_t>(color >> 16), static_cast<uint8_t>(color >> 8),
                     static_cast<uint8_t>(color)};
    }
  }

  Color color_at(std::string_view row, size_t x) const {
    if (bits_ <= 8) {
      const size_t bit = x * bits_;
      const auto byte = static_cast<uint8_t>(row[bit / 8]);
      return palette_[byte >> (8 - bits_ - bit % 8) & ((1u << bits_) - 1)];
    }
    const char* pixel = row.data() + x * bits_ / 8;
    return {static_cast<uint8_t>(pixel[2]), static_cast<uint8_t>(pixel[1]),
            static_cast<uint8_t>(pixel[0])};
  }

  void put(Pixels& pixels, int x, int y, const Color& color) const {
    uint8_t* to = pixels.row(y) + static_cast<size_t>(x) * static_cast<size_t>(pixels.channels);
    if (kind_ == PixelKind::kGray) {
      *to = coarse_luma(color.red, color.green, color.blue);
      return;
    }
    to[0] = color.red;
    to[1] = color.green;
    to[2] = color.blue;
  }

  std::string_view bytes_;
  PixelKind kind_;
  const Error::Place& place_;
  int64_t width_ = 0;
  int64_t height_ = 0;
  bool from_top_ = false;
  size_t bits_ = 0;
  std::array<Color, 256> palette_ = {};
};

}  // namespace

Pixels decode_bmp(std::string_view bytes, PixelKind kind, const Error::Place& place) {
  return BmpDecoder(bytes, kind, place).decode();
}

}  // namespace rangefinder::data
