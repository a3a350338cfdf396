#include "data/picture_webp.h"

#include <webp/decode.h>

#include <string>

namespace rangefinder::data {
namespace {

const char* name_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return "out of memory";
    case VP8_STATUS_BITSTREAM_ERROR:
      return "damaged data";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "an unknown feature";
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "the file is cut short";
    default:
      return "damaged";
  }
}

void require(VP8StatusCode status, const Error::Place& place) {
  if (status == VP8_STATUS_OK) return;
  throw Error(std::string("cannot decode the WebP picture: ") + name_of(status), place);
}

/// The container announces its size; libwebp does without chunks behind the picture's own.
void require_whole_container(std::string_view bytes, const Error::Place& place) {
  constexpr size_t kHeader = 8;
  size_t size = 0;
  for (size_t i = 4; i-- > 0;) size = size << 8 | static_cast<uint8_t>(bytes[4 + i]);
  if (bytes.size() - kHeader < size) require(VP8_STATUS_NOT_ENOUGH_DATA, place);
}

Pixels to_gray(const Pixels& color) {
  Pixels gray{.width = color.width, .height = color.height, .channels = 1};
  gray.values.reserve(color.values.size() / 3);
  for (size_t i = 0; i < color.values.size(); i += 3) {
    gray.values.push_back(luma(color.values[i], color.values[i + 1], color.values[i + 2]));
  }
  return gray;
}

}  // namespace

Pixels decode_webp(std::string_view bytes, PixelKind kind, const Error::Place& place) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) {
    throw Error("libwebp is of another version than this program was built for", place);
  }
  require(WebPGetFeatures(data, bytes.size(), &config.input), place);
  if (config.input.has_animation != 0) {
    throw Error("is an animated WebP; pictures that stand still are decoded", place);
  }
  require_picture_size(config.input.width, config.input.height, place);
  require_whole_container(bytes, place);
  Pixels pixels{.width = config.input.width, .height = config.input.height, .channels = 3};
  pixels.values.resize(pixels.row_size() * static_cast<size_t>(pixels.height));
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {.rgba = pixels.values.data(),
                          .stride = static_cast<int>(pixels.row_size()),
                          .size = pixels.values.size()};
  require(WebPDecode(data, bytes.size(), &config), place);
  return kind == PixelKind::kGray ? to_gray(pixels) : pixels;
}

}  // namespace rangefinder::data
