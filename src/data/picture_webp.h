#pragma once

#include <string_view>

#include "data/pixels.h"

namespace rangefinder::data {

/// A WebP picture, lossy or lossless; alpha is dropped, color becomes gray by luma().
/// Throws Error: damaged, cut short, too large, or animated.
Pixels decode_webp(std::string_view bytes, PixelKind kind, const Error::Place& place);

}  // namespace rangefinder::data
