#include "graph/patch_geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "graph/attributes.h"

namespace rangefinder::graph {
namespace {

/// Entry `axis` of an ONNX list that may be left out.
int64_t entry(const std::vector<int64_t>& list, size_t axis, int64_t fallback) {
  return list.empty() ? fallback : list.at(axis);
}

void require_size(const std::vector<int64_t>& list, size_t size, const char* name) {
  if (!list.empty() && list.size() != size) {
    throw std::invalid_argument(
        fmt::format("{} has {} entries; allowed: {}", name, list.size(), size));
  }
}

void require_ranks(const ConvolutionAttributes& attributes, size_t rank) {
  if (rank < 1 || rank > 3) {
    throw std::invalid_argument(
        fmt::format("a convolution over {} spatial axes; allowed: 1 to 3", rank));
  }
  if (attributes.kernel_shape.empty()) throw std::invalid_argument("kernel_shape is missing");
  require_size(attributes.kernel_shape, rank, "kernel_shape");
  require_size(attributes.strides, rank, "strides");
  require_size(attributes.dilations, rank, "dilations");
  require_size(attributes.pads, 2 * rank, "pads");
}

/// Zeros before and behind one axis.
struct Padding {
  int64_t begin;
  int64_t end;
};

Padding padding(const ConvolutionAttributes& attributes, size_t axis, size_t rank, int64_t size,
                int64_t extent, int64_t stride) {
  if (attributes.auto_pad == "NOTSET" || attributes.auto_pad.empty()) {
    return {entry(attributes.pads, axis, 0), entry(attributes.pads, axis + rank, 0)};
  }
  if (attributes.auto_pad == "VALID") return {0, 0};
  if (attributes.auto_pad != "SAME_UPPER" && attributes.auto_pad != "SAME_LOWER") {
    throw std::invalid_argument("unknown auto_pad: " + attributes.auto_pad);
  }
  const int64_t output = (size + stride - 1) / stride;
  const int64_t total = std::max<int64_t>(0, (output - 1) * stride + extent - size);
  const int64_t small = total / 2;
  return attributes.auto_pad == "SAME_UPPER" ? Padding{small, total - small}
                                             : Padding{total - small, small};
}

void set_axis(PatchGeometry& geometry, size_t slot, const ConvolutionAttributes& attributes,
              size_t axis, size_t rank, int64_t size) {
  const int64_t kernel = attributes.kernel_shape[axis];
  const int64_t stride = entry(attributes.strides, axis, 1);
  const int64_t dilation = entry(attributes.dilations, axis, 1);
  if (size < 1 || kernel < 1 || stride < 1 || dilation < 1) {
    throw std::invalid_argument("a convolution's sizes, strides and dilations must be 1 or more");
  }
  const int64_t extent = (kernel - 1) * dilation + 1;
  const Padding pad = padding(attributes, axis, rank, size, extent, stride);
  const int64_t room = size + pad.begin + pad.end - extent;
  if (room < 0) {
    throw std::invalid_argument(
        fmt::format("a kernel of extent {} over {} elements", extent, size + pad.begin + pad.end));
  }
  geometry.input[slot] = size;
  geometry.kernel[slot] = kernel;
  geometry.stride[slot] = stride;
  geometry.dilation[slot] = dilation;
  geometry.padding[slot] = pad.begin;
  geometry.output[slot] = room / stride + 1;
}

/// Positions in a channel that a window sees, in kernel order; -1 in the padding. Good until the
/// next call: allocating them would take as long as copying a small row.
std::span<const int64_t> window_positions(const PatchGeometry& geometry, int64_t window) {
  const auto& out = geometry.output;
  const auto& in = geometry.input;
  const PatchGeometry::Axes at = {window / (out[1] * out[2]), window / out[2] % out[1],
                                  window % out[2]};
  const auto position = [&](size_t axis, int64_t k) {
    return at[axis] * geometry.stride[axis] - geometry.padding[axis] + k * geometry.dilation[axis];
  };
  const auto inside = [&](size_t axis, int64_t p) { return p >= 0 && p < in[axis]; };
  thread_local std::vector<int64_t> positions;
  positions.clear();
  for (int64_t kz = 0; kz < geometry.kernel[0]; ++kz) {
    const int64_t z = position(0, kz);
    for (int64_t ky = 0; ky < geometry.kernel[1]; ++ky) {
      const int64_t y = position(1, ky);
      const bool line_inside = inside(0, z) && inside(1, y);
      for (int64_t kx = 0; kx < geometry.kernel[2]; ++kx) {
        const int64_t x = position(2, kx);
        const bool real = line_inside && inside(2, x);
        positions.push_back(real ? (z * in[1] + y) * in[2] + x : -1);
      }
    }
  }
  return positions;
}

/// With a number of values that is known when compiling a copy is a few instructions.
float* copy_lanes(const float* values, int64_t lanes, float* target) {
  if (lanes == 16) {
    std::memcpy(target, values, 16 * sizeof(float));
  } else if (lanes == 8) {
    std::memcpy(target, values, 8 * sizeof(float));
  } else {
    std::copy_n(values, lanes, target);
  }
  return target + lanes;
}

}  // namespace

PatchGeometry linear_geometry(int64_t features) {
  PatchGeometry geometry;
  geometry.input[2] = features;
  geometry.kernel[2] = features;
  return geometry;
}

ConvolutionAttributes convolution_attributes(const onnx::NodeProto& node,
                                             const tensor::Shape& weight) {
  ConvolutionAttributes attributes;
  attributes.auto_pad = string_attribute(node, "auto_pad", "NOTSET");
  attributes.kernel_shape.assign(weight.begin() + 2, weight.end());
  attributes.strides = ints_attribute(node, "strides");
  attributes.dilations = ints_attribute(node, "dilations");
  attributes.pads = ints_attribute(node, "pads");
  attributes.group = int_attribute(node, "group", 1);
  return attributes;
}

PatchGeometry convolution_geometry(const ConvolutionAttributes& attributes,
                                   std::span<const int64_t> input_shape) {
  const size_t rank = input_shape.size() < 2 ? 0 : input_shape.size() - 2;
  require_ranks(attributes, rank);
  PatchGeometry geometry;
  geometry.channels = input_shape[1];
  if (geometry.channels < 1) throw std::invalid_argument("a convolution without channels");
  for (size_t axis = 0; axis < rank; ++axis) {
    set_axis(geometry, 3 - rank + axis, attributes, axis, rank, input_shape[axis + 2]);
  }
  return geometry;
}

void copy_window(const PatchGeometry& geometry, std::span<const float> sample, int64_t window,
                 std::span<float> row, int64_t channel_block) {
  const std::span<const int64_t> positions = window_positions(geometry, window);
  float* target = row.data();
  for (int64_t channel = 0; channel < geometry.channels; ++channel) {
    const float* values = sample.data() +
                          channel / channel_block * geometry.plane() * channel_block +
                          channel % channel_block;
    for (const int64_t position : positions) {
      *target++ = position < 0 ? 0.0f : values[position * channel_block];
    }
  }
}

void copy_window_entries(const PatchGeometry& geometry, std::span<const float> sample,
                         int64_t window, std::span<float> row, int64_t channel_block) {
  if (channel_block == 1) return copy_window(geometry, sample, window, row);
  const std::span<const int64_t> positions = window_positions(geometry, window);
  float* target = row.data();
  for (int64_t first = 0; first < geometry.channels; first += channel_block) {
    const float* values = sample.data() + first * geometry.plane();
    const int64_t lanes = std::min(channel_block, geometry.channels - first);
    for (const int64_t position : positions) {
      target = position < 0 ? std::fill_n(target, lanes, 0.0f)
                            : copy_lanes(values + position * channel_block, lanes, target);
    }
  }
}

std::vector<float> unfold(const PatchGeometry& geometry, std::span<const float> sample) {
  const auto features = static_cast<size_t>(geometry.features());
  std::vector<float> rows(static_cast<size_t>(geometry.windows()) * features);
  for (int64_t window = 0; window < geometry.windows(); ++window) {
    copy_window(geometry, sample, window,
                std::span(rows).subspan(static_cast<size_t>(window) * features, features));
  }
  return rows;
}

}  // namespace rangefinder::graph
