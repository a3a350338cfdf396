#pragma once

#include <string_view>

#include "data/pixels.h"

namespace rangefinder::data {

/// The orientation (1 to 8) that EXIF data names, which begin with a TIFF header ("II*" or "MM*");
/// 1, upright, if they name none or are damaged: that harms no pixel.
int exif_orientation(std::string_view exif);

/// The picture as it is to be looked at: EXIF's orientations, of which 2, 4, 5 and 7 are mirrored
/// and 5 to 8 exchange width and height.
Pixels turn_upright(Pixels picture, int orientation);

}  // namespace rangefinder::data
