#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/error.h"

namespace rangefinder::data {

/// A decoded picture: 8 bits a value, rows from the top, channels of a pixel side by side.
struct Pixels {
  int width = 0;
  int height = 0;
  /// 3: red, green, blue. 1: gray.
  int channels = 0;
  std::vector<uint8_t> values = {};

  size_t row_size() const { return static_cast<size_t>(width) * static_cast<size_t>(channels); }
  const uint8_t* row(int y) const { return values.data() + static_cast<size_t>(y) * row_size(); }
  uint8_t* row(int y) { return values.data() + static_cast<size_t>(y) * row_size(); }

  bool operator==(const Pixels&) const = default;
};

/// What a decoder is to make of a picture.
enum class PixelKind { kColor, kGray };

inline int channel_count(PixelKind kind) { return kind == PixelKind::kGray ? 1 : 3; }

/// Pixels of the largest picture: 8192 x 8192. A file of a few bytes may announce any size.
inline constexpr int64_t kMaxPixelCount = int64_t{1} << 26;

/// Throws Error unless both sides are positive and the picture has at most kMaxPixelCount pixels.
/// To be asked before memory is taken.
void require_picture_size(int64_t width, int64_t height, const Error::Place& place);

/// The rounded luma of one pixel, 0.299 R + 0.587 G + 0.114 B, with weights of 15 bits.
uint8_t luma(uint8_t red, uint8_t green, uint8_t blue);

/// The same with weights of 14 bits. The two differ by 1 in few colors; each format keeps its own.
uint8_t coarse_luma(uint8_t red, uint8_t green, uint8_t blue);

}  // namespace rangefinder::data
