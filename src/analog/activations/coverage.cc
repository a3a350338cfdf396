// How often does an element of the input occur in the patch matrix? Once for every pair of a kernel
// position and a window that puts it there. Along one axis, kernel 3, stride 1, padding 1:
//
//   input          a b c d e
//   windows     [. a b]            a: 2 pairs, e: 2 pairs, b, c, d: 3 pairs each
//                 [a b c]
//                   [b c d]
//                     [c d e]
//                       [d e .]
//
// Axes do not see each other, so over a box of kernel positions (all of them, or a part that is a
// box itself) the number is the product of the axes' numbers. The columns of a slice are whole
// channels, whose kernel is one box, and at both ends a part of a channel's kernel, which is cut
// into boxes: part of a line, whole lines, whole planes, whole lines, part of a line.

#include "analog/activations/coverage.h"

#include <algorithm>
#include <array>

namespace rangefinder::analog {
namespace {

/// Kernel positions [begin, end) along each axis.
struct KernelBox {
  PatchGeometry::Axes begin;
  PatchGeometry::Axes end;
};

/// The longest box that starts at flat kernel position `at` and ends at or before `end`: whole
/// planes, else whole lines of one plane, else part of one line.
KernelBox first_box(const PatchGeometry::Axes& kernel, int64_t at, int64_t end) {
  const int64_t line = kernel[2];
  const int64_t plane = kernel[1] * line;
  const int64_t z = at / plane;
  const int64_t y = at % plane / line;
  const int64_t x = at % line;
  if (at % plane == 0 && end - at >= plane) {
    return {{z, 0, 0}, {z + (end - at) / plane, kernel[1], line}};
  }
  if (x == 0 && end - at >= line) {
    return {{z, y, 0}, {z + 1, std::min(y + (end - at) / line, kernel[1]), line}};
  }
  return {{z, y, x}, {z + 1, y + 1, std::min(x + end - at, line)}};
}

int64_t volume(const KernelBox& box) {
  return (box.end[0] - box.begin[0]) * (box.end[1] - box.begin[1]) * (box.end[2] - box.begin[2]);
}

/// For each element of an axis, the kernel positions in [begin, end) and windows that meet on it.
std::vector<uint32_t> axis_coverage(const PatchGeometry& geometry, size_t axis, int64_t begin,
                                    int64_t end) {
  std::vector<uint32_t> counts(static_cast<size_t>(geometry.input[axis]), 0);
  for (int64_t k = begin; k < end; ++k) {
    for (int64_t window = 0; window < geometry.output[axis]; ++window) {
      const int64_t at =
          window * geometry.stride[axis] - geometry.padding[axis] + k * geometry.dilation[axis];
      if (at >= 0 && at < geometry.input[axis]) ++counts[static_cast<size_t>(at)];
    }
  }
  return counts;
}

void add_box(const PatchGeometry& geometry, const KernelBox& box, std::vector<uint32_t>& weights) {
  std::array<std::vector<uint32_t>, 3> factors;
  for (size_t axis = 0; axis < 3; ++axis) {
    factors[axis] = axis_coverage(geometry, axis, box.begin[axis], box.end[axis]);
  }
  size_t at = 0;
  for (const uint32_t z : factors[0]) {
    for (const uint32_t y : factors[1]) {
      for (const uint32_t x : factors[2]) weights[at++] += z * y * x;
    }
  }
}

/// Drops elements that never occur from both ends, and the list if it is all the same.
CoverageBlock trimmed(std::vector<uint32_t> weights) {
  const auto occurs = [](uint32_t weight) { return weight != 0; };
  const auto first = std::find_if(weights.begin(), weights.end(), occurs);
  const auto last = std::find_if(weights.rbegin(), weights.rend(), occurs).base();
  CoverageBlock block;
  if (first == weights.end()) return block;
  block.offset = first - weights.begin();
  block.length = last - first;
  if (std::all_of(first, last, [&](uint32_t weight) { return weight == *first; })) {
    block.uniform = *first;
  } else {
    block.weights.assign(first, last);
  }
  return block;
}

/// Channels [first, last) with the kernel positions [begin, end) of each.
CoverageBlock channel_block(const PatchGeometry& geometry, int64_t first, int64_t last,
                            int64_t begin, int64_t end) {
  std::vector<uint32_t> weights(static_cast<size_t>(geometry.plane()), 0);
  for (int64_t at = begin; at < end;) {
    const KernelBox box = first_box(geometry.kernel, at, end);
    add_box(geometry, box, weights);
    at += volume(box);
  }
  CoverageBlock block = trimmed(std::move(weights));
  block.offset += first * geometry.plane();
  block.channels = last - first;
  block.channel_stride = geometry.plane();
  // Channels without a gap between them read as one long channel.
  if (block.uniform != 0 && block.length == geometry.plane()) {
    block.length *= block.channels;
    block.channels = 1;
  }
  return block;
}

}  // namespace

std::vector<CoverageBlock> column_coverage(const PatchGeometry& geometry, ColumnRange columns) {
  const int64_t size = geometry.kernel_size();
  std::vector<CoverageBlock> blocks;
  for (int64_t column = columns.begin; column < columns.end;) {
    const int64_t channel = column / size;
    const int64_t begin = column % size;
    const int64_t whole = begin == 0 ? (columns.end - column) / size : 0;
    const int64_t end = whole > 0 ? size : std::min(size, begin + columns.end - column);
    const int64_t channels = std::max<int64_t>(whole, 1);
    CoverageBlock block = channel_block(geometry, channel, channel + channels, begin, end);
    if (block.length > 0) blocks.push_back(std::move(block));
    column += whole > 0 ? whole * size : end - begin;
  }
  return blocks;
}

}  // namespace rangefinder::analog
