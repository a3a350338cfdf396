#pragma once

#include <string_view>

#include "data/pixels.h"

namespace rangefinder::data {

/// A PNG picture of any kind, turned upright as its EXIF data say: palettes and low depths are
/// expanded, of 16 bits the upper 8 are kept, alpha and transparent colors are dropped. Color
/// becomes gray by 0.299 R + 0.587 G + 0.114 B, in linear light where the file names its gamma, as
/// libpng does it. Throws Error: damaged (checksums are checked, of all chunks), cut short, too
/// large, or animated.
Pixels decode_png(std::string_view bytes, PixelKind kind, const Error::Place& place);

}  // namespace rangefinder::data
