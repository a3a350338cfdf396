#include "analog/zero_windows.h"

#include <algorithm>
#include <vector>

namespace rangefinder::analog {
namespace {

/// 1 where any channel of the sample is not zero.
std::vector<uint8_t> nonzero_marks(const PatchGeometry& geometry, std::span<const float> sample) {
  const auto plane = static_cast<size_t>(geometry.plane());
  std::vector<uint8_t> marks(plane, 0);
  for (int64_t channel = 0; channel < geometry.channels; ++channel) {
    const float* values = sample.data() + static_cast<size_t>(channel) * plane;
    for (size_t i = 0; i < plane; ++i) marks[i] |= static_cast<uint8_t>(values[i] != 0.0f);
    if (std::find(marks.begin(), marks.end(), 0) == marks.end()) break;
  }
  return marks;
}

/// Replaces one axis of `marks` by its windows: 1 where any kernel position is marked. The marks
/// are [before][geometry.input[axis]][behind].
std::vector<uint8_t> windows_along(const PatchGeometry& geometry, size_t axis,
                                   const std::vector<uint8_t>& marks, int64_t before,
                                   int64_t behind) {
  const int64_t size = geometry.input[axis];
  const int64_t count = geometry.output[axis];
  std::vector<uint8_t> result(static_cast<size_t>(before * count * behind), 0);
  for (int64_t outer = 0; outer < before; ++outer) {
    for (int64_t window = 0; window < count; ++window) {
      uint8_t* target = result.data() + (outer * count + window) * behind;
      for (int64_t k = 0; k < geometry.kernel[axis]; ++k) {
        const int64_t at =
            window * geometry.stride[axis] - geometry.padding[axis] + k * geometry.dilation[axis];
        if (at < 0 || at >= size) continue;
        const uint8_t* source = marks.data() + (outer * size + at) * behind;
        for (int64_t i = 0; i < behind; ++i) target[i] |= source[i];
      }
    }
  }
  return result;
}

/// One window over everything, each element once: a fully connected layer.
bool is_linear(const PatchGeometry& geometry) {
  return geometry == linear_geometry(geometry.input[2]);
}

}  // namespace

int64_t count_zero_windows(const PatchGeometry& geometry, std::span<const float> sample) {
  if (is_linear(geometry)) {
    return std::all_of(sample.begin(), sample.end(), [](float x) { return x == 0.0f; }) ? 1 : 0;
  }
  const auto& in = geometry.input;
  const auto& out = geometry.output;
  std::vector<uint8_t> marks = nonzero_marks(geometry, sample);
  marks = windows_along(geometry, 2, marks, in[0] * in[1], 1);
  marks = windows_along(geometry, 1, marks, in[0], out[2]);
  marks = windows_along(geometry, 0, marks, 1, out[1] * out[2]);
  return std::count(marks.begin(), marks.end(), 0);
}

}  // namespace rangefinder::analog
