#pragma once

#include "data/pixels.h"

namespace rangefinder::data {

/// Bilinear between pixel centers, without smoothing before reduction.
///
/// Value x of the result lies at (x + 0.5) * (from / to) - 0.5 in the picture, clamped to its first
/// and last pixel. Weights are rounded (half to even) to 8 bits behind the point, rows are mixed in
/// 8.8 and columns in 16.16 bits, and the result is rounded half up: OpenCV's INTER_LINEAR_EXACT to
/// the bit, and the same bits on every machine.
/// Cost: two products a value and row that is needed, two a value of the result.
/// Throws std::invalid_argument if a side of either picture is below 1.
Pixels resize(const Pixels& picture, int width, int height);

}  // namespace rangefinder::data
