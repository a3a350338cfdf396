#include "analog/activations/zero_windows.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "analog/activations/runs.h"
#include "analog/simd/zero_positions.h"

namespace rangefinder::analog {
namespace {

/// Where along an axis kernel position `k` of the first window lies.
int64_t first_position(const PatchGeometry& geometry, size_t axis, int64_t k) {
  return k * geometry.dilation[axis] - geometry.padding[axis];
}

/// The windows [begin, end) along an axis whose kernel position `k` is not in the padding.
struct WindowRange {
  int64_t begin;
  int64_t end;
};

WindowRange windows_inside(const PatchGeometry& geometry, size_t axis, int64_t k) {
  const int64_t stride = geometry.stride[axis];
  const int64_t first = first_position(geometry, axis, k);
  const int64_t room = geometry.input[axis] - first;
  const int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
  const int64_t end = room <= 0 ? 0 : (room + stride - 1) / stride;
  return {begin, std::max(begin, std::min(end, geometry.output[axis]))};
}

/// Replaces one axis of `marks` by its windows: 1 where any kernel position is marked. The marks
/// are [before][geometry.input[axis]][behind].
std::vector<uint8_t> windows_along(const PatchGeometry& geometry, size_t axis,
                                   const std::vector<uint8_t>& marks, int64_t before,
                                   int64_t behind) {
  const int64_t size = geometry.input[axis];
  const int64_t count = geometry.output[axis];
  const int64_t step = geometry.stride[axis];
  std::vector<uint8_t> result(static_cast<size_t>(before * count * behind), 0);
  for (int64_t outer = 0; outer < before; ++outer) {
    for (int64_t k = 0; k < geometry.kernel[axis]; ++k) {
      const auto [begin, end] = windows_inside(geometry, axis, k);
      const int64_t first = outer * size + first_position(geometry, axis, k);
      const int64_t length = (end - begin) * behind;
      const uint8_t* source = marks.data() + (first + begin * step) * behind;
      uint8_t* target = result.data() + (outer * count + begin) * behind;
      if (step == 1) {
        for (int64_t i = 0; i < length; ++i) target[i] |= source[i];
        continue;
      }
      for (int64_t i = 0; i < length; ++i) {
        target[i] |= source[i / behind * step * behind + i % behind];
      }
    }
  }
  return result;
}

int64_t windows_over(const PatchGeometry& geometry, std::vector<uint8_t> marks) {
  const auto& in = geometry.input;
  const auto& out = geometry.output;
  marks = windows_along(geometry, 2, marks, in[0] * in[1], 1);
  marks = windows_along(geometry, 1, marks, in[0], out[2]);
  marks = windows_along(geometry, 0, marks, 1, out[1] * out[2]);
  return std::count(marks.begin(), marks.end(), 0);
}

}  // namespace

ZeroWindows::ZeroWindows(const PatchGeometry& geometry, int64_t channel_block)
    : geometry_(geometry),
      channel_block_(static_cast<size_t>(channel_block)),
      is_linear_(channel_block == 1 && geometry == linear_geometry(geometry.input[2])),
      padding_windows_(count_over({})) {}

void ZeroWindows::find_zeros(std::span<const float> sample,
                             std::vector<uint32_t>& positions) const {
  const auto plane = static_cast<size_t>(geometry_.plane());
  const auto channels = static_cast<size_t>(geometry_.channels);
  positions.resize(plane);
  size_t left = plane;
  size_t channel = 0;
  if (channels >= channel_block_) {
    const auto block = sample.first(plane * channel_block_);
    left = simd::zero_positions(block, channel_block_, positions.data());
    channel = channel_block_;
  } else {
    std::iota(positions.begin(), positions.end(), 0u);
  }
  for (; channel < channels && left > 0; channel += channel_block_) {
    const float* values = &sample[channel * plane];
    const size_t lanes = std::min(channels - channel, channel_block_);
    const size_t before = std::exchange(left, 0);
    for (size_t i = 0; i < before; ++i) {
      positions[left] = positions[i];
      left += all_zero({values + positions[i] * channel_block_, lanes}) ? 1 : 0;
    }
  }
  positions.resize(left);
}

int64_t ZeroWindows::count_over(const std::vector<uint32_t>& zero_positions) const {
  std::vector<uint8_t> marks(static_cast<size_t>(geometry_.plane()), 1);
  for (const uint32_t position : zero_positions) marks[position] = 0;
  return windows_over(geometry_, std::move(marks));
}

int64_t ZeroWindows::count(std::span<const float> samples) const {
  const size_t size = stored_size(geometry_, static_cast<int64_t>(channel_block_));
  std::vector<uint32_t> zeros;
  int64_t count = 0;
  for (; samples.size() >= size; samples = samples.subspan(size)) {
    const auto sample = samples.first(size);
    if (is_linear_) {
      // One window over everything.
      count += all_zero(sample) ? 1 : 0;
      continue;
    }
    find_zeros(sample, zeros);
    count += zeros.empty() ? padding_windows_ : count_over(zeros);
  }
  return count;
}

}  // namespace rangefinder::analog
