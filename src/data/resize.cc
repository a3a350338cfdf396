#include "data/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <stdexcept>
#include <utility>

namespace rangefinder::data {
namespace {

constexpr uint32_t kOne = 1u << 8;

/// A place between two neighbors of the picture: `first` weighs 256 - weight, the one after it
/// `weight`. At the edges the weight is 0 and nothing after `first` is read.
struct Between {
  int first = 0;
  uint32_t weight = 0;
};

std::vector<Between> places(int from, int to) {
  std::vector<Between> result(static_cast<size_t>(to));
  // As OpenCV computes it: the reciprocal of a quotient is not always the other quotient.
  const double scale = 1.0 / (static_cast<double>(to) / from);
  for (int i = 0; i < to; ++i) {
    const double at = scale * (i + 0.5) - 0.5;
    const double first = std::floor(at);
    Between& place = result[static_cast<size_t>(i)];
    if (first < 0) continue;
    if (first >= from - 1) {
      place.first = from - 1;
      continue;
    }
    place.first = static_cast<int>(first);
    place.weight = static_cast<uint32_t>(std::nearbyint((at - first) * kOne));
  }
  return result;
}

/// Rows of the picture, resized in width, in 8.8 bits. The two that the last call needed are kept:
/// rows of the result come in order, and neighbors share them.
class WideRows {
 public:
  WideRows(const Pixels& picture, int width)
      : picture_(picture), places_(places(picture.width, width)) {}

  std::span<const uint32_t> row(int y) {
    Row& slot = rows_[static_cast<size_t>(y) % rows_.size()];
    if (slot.y != y) fill(slot, y);
    return slot.values;
  }

 private:
  struct Row {
    int y = -1;
    std::vector<uint32_t> values;
  };

  void fill(Row& slot, int y) {
    const auto channels = static_cast<size_t>(picture_.channels);
    slot.y = y;
    slot.values.resize(places_.size() * channels);
    uint32_t* to = slot.values.data();
    for (const Between& place : places_) {
      const uint8_t* first = picture_.row(y) + static_cast<size_t>(place.first) * channels;
      const uint8_t* second = place.weight == 0 ? first : first + channels;
      for (size_t channel = 0; channel < channels; ++channel) {
        *to++ = first[channel] * (kOne - place.weight) + second[channel] * place.weight;
      }
    }
  }

  const Pixels& picture_;
  std::vector<Between> places_;
  // A row and the next one never share a slot.
  std::array<Row, 2> rows_;
};

}  // namespace

Pixels resize(const Pixels& picture, int width, int height) {
  if (std::min({width, height, picture.width, picture.height}) < 1) {
    throw std::invalid_argument("resize: sides of 1 or more are needed");
  }
  if (width == picture.width && height == picture.height) return picture;
  Pixels result{.width = width, .height = height, .channels = picture.channels};
  result.values.resize(result.row_size() * static_cast<size_t>(height));
  WideRows rows(picture, width);
  const std::vector<Between> lines = places(picture.height, height);
  for (int y = 0; y < height; ++y) {
    const Between& line = lines[static_cast<size_t>(y)];
    const auto first = rows.row(line.first);
    const auto second = line.weight == 0 ? first : rows.row(line.first + 1);
    uint8_t* to = result.row(y);
    for (size_t i = 0; i < first.size(); ++i) {
      const uint32_t sum = first[i] * (kOne - line.weight) + second[i] * line.weight;
      to[i] = static_cast<uint8_t>((sum + (1u << 15)) >> 16);
    }
  }
  return result;
}

}  // namespace rangefinder::data
