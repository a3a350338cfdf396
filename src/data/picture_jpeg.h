#pragma once

#include <string_view>

#include "data/pixels.h"

namespace rangefinder::data {

/// A JPEG picture, turned upright as its EXIF data say: baseline and progressive, gray, YCbCr, RGB,
/// CMYK and YCCK. Of four inks all values are taken as inverted, as Adobe's programs write them,
/// and their color is the rough one: ink times black, without a profile. Throws Error: not what
/// libjpeg decodes, damaged, cut short, or too large. Whatever libjpeg warns of is damage: it fills
/// the rest with gray and goes on.
Pixels decode_jpeg(std::string_view bytes, PixelKind kind, const Error::Place& place);

}  // namespace rangefinder::data
