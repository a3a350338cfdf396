#include "data/exif.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace rangefinder::data {
namespace {

/// Numbers in the byte order that the TIFF header names; 0 beyond the end.
class TiffBytes {
 public:
  explicit TiffBytes(std::string_view bytes) : bytes_(bytes), big_(bytes.starts_with("MM")) {}

  uint32_t u16(size_t at) const { return number(at, 2); }
  uint32_t u32(size_t at) const { return number(at, 4); }

 private:
  uint32_t number(size_t at, size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      value = value << 8 | static_cast<uint8_t>(bytes_[at + (big_ ? i : size - 1 - i)]);
    }
    return value;
  }

  std::string_view bytes_;
  bool big_;
};

/// Where a pixel of the upright picture comes from in the stored one: the stored picture's rows and
/// columns may be exchanged, and each may run backwards.
struct Turn {
  bool exchanged;
  bool x_backwards;
  bool y_backwards;
};
constexpr Turn kTurns[] = {{false, false, false}, {false, true, false}, {false, true, true},
                           {false, false, true},  {true, false, false}, {true, false, true},
                           {true, true, true},    {true, true, false}};

}  // namespace

int exif_orientation(std::string_view exif) {
  constexpr uint32_t kOrientation = 0x0112;
  constexpr size_t kEntrySize = 12;
  const bool is_tiff = exif.starts_with("II") || exif.starts_with("MM");
  const TiffBytes tiff(exif);
  if (!is_tiff || tiff.u16(2) != 42) return 1;
  const size_t directory = tiff.u32(4);
  const size_t count = tiff.u16(directory);
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + i * kEntrySize;
    if (tiff.u16(entry) != kOrientation) continue;
    const uint32_t value = tiff.u16(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Pixels turn_upright(Pixels picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return picture;
  const Turn turn = kTurns[orientation - 1];
  Pixels result{.width = turn.exchanged ? picture.height : picture.width,
                .height = turn.exchanged ? picture.width : picture.height,
                .channels = picture.channels};
  result.values.resize(picture.values.size());
  const auto channels = static_cast<size_t>(picture.channels);
  uint8_t* to = result.values.data();
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      int from_x = turn.exchanged ? y : x;
      int from_y = turn.exchanged ? x : y;
      if (turn.x_backwards) from_x = picture.width - 1 - from_x;
      if (turn.y_backwards) from_y = picture.height - 1 - from_y;
      const uint8_t* from = picture.row(from_y) + static_cast<size_t>(from_x) * channels;
      for (size_t channel = 0; channel < channels; ++channel) *to++ = from[channel];
    }
  }
  return result;
}

}  // namespace rangefinder::data
