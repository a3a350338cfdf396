#pragma once

#include <cstdint>
#include <span>

#include "analog/patch_geometry.h"

namespace rangefinder::analog {

/// Windows of one sample whose elements are all exactly zero, over all channels, padding included:
/// rows that calibration drops. -0 is zero, NaN is not.
///
/// Marks the positions at which any channel is not zero, then takes the windows over the marks
/// axis by axis: O(elements + plane * kernel lengths), stops reading channels once all are marked.
int64_t count_zero_windows(const PatchGeometry& geometry, std::span<const float> sample);

}  // namespace rangefinder::analog
