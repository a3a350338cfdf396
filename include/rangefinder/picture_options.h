#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "rangefinder/export.h"

namespace rangefinder {

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
///
///     rangefinder::PictureOptions imagenet;
///     imagenet.scale = 1.0 / 255;
///     imagenet.mean = {0.485, 0.456, 0.406};
///     imagenet.std = {0.229, 0.224, 0.225};
///     imagenet.resize = {256, 0};
///     imagenet.crop = {224, 224};
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

/// 3, or 1 for gray.
RANGEFINDER_API size_t channel_count(Channels channels);

/// "640x480", or "256" for {256, 0}. Throws std::invalid_argument.
RANGEFINDER_API PictureSize parse_picture_size(std::string_view text);

/// Comma-separated numbers, each a decimal or a fraction: "0.485,0.456,0.406", "1/255".
/// Throws std::invalid_argument.
RANGEFINDER_API std::vector<double> parse_numbers(std::string_view text);

/// Throws std::invalid_argument: a number of means or stds that does not fit the channels, a std of
/// 0, a size below 1, a value that is not finite.
RANGEFINDER_API void validate(const PictureOptions& options);

}  // namespace rangefinder
