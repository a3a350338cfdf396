#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/tensor_header.h"
#include "rangefinder/picture_options.h"
#include "tensor/tensor.h"

namespace rangefinder {
class Fingerprint;
}

namespace rangefinder::data {

using rangefinder::channel_count;
using rangefinder::Channels;
using rangefinder::Layout;
using rangefinder::parse_numbers;
using rangefinder::parse_picture_size;
using rangefinder::PictureOptions;
using rangefinder::PictureSize;
using rangefinder::validate;

/// Whether read_picture knows files with this extension (lower case, with the dot).
bool is_picture_extension(std::string_view extension);

/// Adds everything that changes the values read from a picture.
void add_options(Fingerprint& fingerprint, const PictureOptions& options);

/// One picture as float32 [1, C, H, W] or [1, H, W, C]; picture_decode.h says how it is decoded.
/// `check`, if any, is called with its shape before the values are made.
/// Throws Error naming the file: unreadable, damaged or cut short, smaller than the crop.
tensor::Tensor read_picture(const std::filesystem::path& path, const PictureOptions& options,
                            const HeaderCheck& check = {});

/// The same of a picture's bytes; errors name `file`.
tensor::Tensor parse_picture(std::string_view bytes, const PictureOptions& options,
                             const std::string& file, const HeaderCheck& check = {});

}  // namespace rangefinder::data
