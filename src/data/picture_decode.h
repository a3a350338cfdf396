#pragma once

#include <string_view>

#include "data/pixels.h"

namespace rangefinder::data {

/// Whether this program was built with RANGEFINDER_PICTURES.
bool can_decode_pictures();

/// Throws Error if this program was built without pictures.
void require_pictures(const Error::Place& place);

/// A picture of any format that picture_format() knows, upright, as 8 bits of color or gray.
/// Throws Error: another format, damaged, cut short, too large; built without pictures.
Pixels decode_picture(std::string_view bytes, PixelKind kind, const Error::Place& place);

}  // namespace rangefinder::data
