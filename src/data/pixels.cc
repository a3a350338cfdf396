#include "data/pixels.h"

#include <fmt/format.h>

namespace rangefinder::data {

void require_picture_size(int64_t width, int64_t height, const Error::Place& place) {
  // Dividing: a product of two announced sides may overflow.
  if (width > 0 && height > 0 && width <= kMaxPixelCount / height) return;
  throw Error(fmt::format("the picture is {}x{}; 1 to {} pixels are allowed", width, height,
                          kMaxPixelCount),
              place);
}

uint8_t luma(uint8_t red, uint8_t green, uint8_t blue) {
  constexpr unsigned kRed = 9798;
  constexpr unsigned kGreen = 19235;
  constexpr unsigned kBlue = (1u << 15) - kRed - kGreen;
  return static_cast<uint8_t>((red * kRed + green * kGreen + blue * kBlue + (1u << 14)) >> 15);
}

uint8_t coarse_luma(uint8_t red, uint8_t green, uint8_t blue) {
  constexpr unsigned kRed = 4899;
  constexpr unsigned kGreen = 9617;
  constexpr unsigned kBlue = (1u << 14) - kRed - kGreen;
  return static_cast<uint8_t>((red * kRed + green * kGreen + blue * kBlue + (1u << 13)) >> 14);
}

}  // namespace rangefinder::data
