#pragma once

#include <string_view>

#include "base/error.h"

namespace rangefinder::data {

/// The formats that are decoded.
enum class PictureFormat { kJpeg, kPng, kWebp, kBmp, kPnm };

/// The format by a file's first bytes; its name does not matter.
/// Throws Error: an empty file, or one of another format, named if it is a known one.
PictureFormat picture_format(std::string_view bytes, const Error::Place& place);

}  // namespace rangefinder::data
