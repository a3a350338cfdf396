#include "data/picture_pnm.h"

#include <fmt/format.h>

#include <string>

namespace rangefinder::data {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// "P6 WIDTH HEIGHT MAXIMUM", one space, values; '#' begins a comment in the header.
class PnmDecoder {
 public:
  PnmDecoder(std::string_view bytes, PixelKind kind, const Error::Place& place)
      : rest_(bytes), kind_(kind), place_(place) {}

  Pixels decode() {
    const char type = rest_[1];
    rest_.remove_prefix(2);
    const bool is_text = type == '2' || type == '3';
    const int stored = type == '2' || type == '5' ? 1 : 3;
    const int64_t width = number();
    const int64_t height = number();
    require_picture_size(width, height, place_);
    maximum_ = number();
    if (maximum_ < 1 || maximum_ > 255) {
      fail(fmt::format("values up to {}; 1 to 255 are allowed", maximum_));
    }
    if (!is_text) take();
    const size_t value_count = static_cast<size_t>(width * height) * static_cast<size_t>(stored);
    // Text spends a digit and a space on a value, except the last one.
    if (rest_.size() < (is_text ? 2 * value_count - 1 : value_count)) fail("the file is cut short");
    Pixels pixels{.width = static_cast<int>(width),
                  .height = static_cast<int>(height),
                  .channels = channel_count(kind_)};
    pixels.values.reserve(static_cast<size_t>(width * height) *
                          static_cast<size_t>(pixels.channels));
    for (int64_t i = 0; i < width * height; ++i) add_pixel(pixels, stored, is_text);
    return pixels;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Error("cannot decode the PNM picture: " + why, place_);
  }

  char take() {
    if (rest_.empty()) fail("the file is cut short");
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void skip_space() {
    while (!rest_.empty() && (is_space(rest_.front()) || rest_.front() == '#')) {
      if (take() != '#') continue;
      while (!rest_.empty() && take() != '\n') {
      }
    }
  }

  int64_t number() {
    constexpr int64_t kLimit = int64_t{1} << 31;
    skip_space();
    if (rest_.empty()) fail("the file is cut short");
    int64_t value = 0;
    const size_t size = rest_.size();
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && value < kLimit) {
      value = value * 10 + (take() - '0');
    }
    if (rest_.size() == size || (!rest_.empty() && !is_space(rest_.front()))) {
      fail("a number is needed");
    }
    return value;
  }

  uint8_t value(bool is_text) {
    const int64_t found = is_text ? number() : static_cast<uint8_t>(take());
    if (found > maximum_)
      fail(fmt::format("a value of {}, at most {} was announced", found, maximum_));
    return static_cast<uint8_t>(found);
  }

  void add_pixel(Pixels& pixels, int stored, bool is_text) {
    const uint8_t red = value(is_text);
    const uint8_t green = stored == 1 ? red : value(is_text);
    const uint8_t blue = stored == 1 ? red : value(is_text);
    if (kind_ == PixelKind::kGray) {
      pixels.values.push_back(coarse_luma(red, green, blue));
      return;
    }
    pixels.values.insert(pixels.values.end(), {red, green, blue});
  }

  std::string_view rest_;
  PixelKind kind_;
  const Error::Place& place_;
  int64_t maximum_ = 0;
};

}  // namespace

Pixels decode_pnm(std::string_view bytes, PixelKind kind, const Error::Place& place) {
  return PnmDecoder(bytes, kind, place).decode();
}

}  // namespace rangefinder::data
