#pragma once

#include <string_view>

#include "data/pixels.h"

namespace rangefinder::data {

/// An uncompressed Windows bitmap: palettes of 1, 4 and 8 bits, 24 and 32 bits, the latter also
/// with the usual masks. Alpha is dropped, color becomes gray by coarse_luma(). Throws Error:
/// run-length compressed or otherwise uncommon, damaged, cut short, too large.
Pixels decode_bmp(std::string_view bytes, PixelKind kind, const Error::Place& place);

}  // namespace rangefinder::data
