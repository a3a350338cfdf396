#pragma once

#include <string_view>

#include "data/pixels.h"

namespace rangefinder::data {

/// A portable graymap or pixmap of 8 bits (P2, P3, P5, P6; values up to 255). Of one with a lower
/// largest value the values are taken as they are. Color becomes gray by coarse_luma().
/// Throws Error: more than 8 bits, damaged, cut short, too large.
Pixels decode_pnm(std::string_view bytes, PixelKind kind, const Error::Place& place);

}  // namespace rangefinder::data
