#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace rangefinder::data {

enum class Layout { kNchw, kNhwc };
enum class Channels { kRgb, kBgr, kGray };

/// Pixels, width first as people say it: "224x224".
struct PictureSize {
  int width = 0;
  int height = 0;

  bool operator==(const PictureSize&) const = default;
};

/// How a picture becomes a sample. In this order: decode to 8 bit, turn upright (EXIF), resize,
/// crop, then per channel value = (pixel * scale - mean) / std in float32.
struct PictureOptions {
  /// One value, or one per channel in the order of `channels`. Pixels are 0..255 unless scaled.
  std::vector<double> mean = {0.0};
  std::vector<double> std = {1.0};
  double scale = 1.0;
  /// Bilinear; height 0: the shorter side becomes `width` and the aspect ratio is kept.
  std::optional<PictureSize> resize = {};
  /// Cut from the center; height 0: a square.
  std::optional<PictureSize> crop = {};
  Layout layout = Layout::kNchw;
  Channels channels = Channels::kRgb;

  bool operator==(const PictureOptions&) const = default;
};

/// "640x480", or "256" for {256, 0}. Throws std::invalid_argument.
PictureSize parse_picture_size(std::string_view text);

/// Comma-separated numbers, each a decimal or a fraction: "0.485,0.456,0.406", "1/255".
/// Throws std::invalid_argument.
std::vector<double> parse_numbers(std::string_view text);

/// Throws std::invalid_argument: a number of means or stds that does not fit the channels, a std of
/// 0, a size below 1, a value that is not finite.
void validate(const PictureOptions& options);

/// Whether read_picture knows files with this extension (lower case, with the dot).
bool is_picture_extension(std::string_view extension);

/// One picture as float32 [1, C, H, W] or [1, H, W, C]. Alpha is dropped, 16-bit pictures are taken
/// to 8 bit. Resizing uses fixed-point arithmetic: the same bits on every machine.
/// Throws Error naming the file: unreadable, damaged or cut short, smaller than the crop.
tensor::Tensor read_picture(const std::filesystem::path& path, const PictureOptions& options);

}  // namespace rangefinder::data
