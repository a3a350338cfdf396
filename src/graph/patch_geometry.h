#pragma once

#include <onnx/onnx_pb.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace rangefinder::graph {

/// How the rows of a layer's activation matrix lie in one sample of its input: windows (patches)
/// over up to three spatial axes. One- and two-dimensional convolutions have leading axes of 1.
///
/// A row holds channel-major, then kernel-position-major elements, as a flattened weight does.
/// A fully connected layer is one channel with one window over all of its features.
struct PatchGeometry {
  using Axes = std::array<int64_t, 3>;

  int64_t channels = 1;
  Axes input = {1, 1, 1};
  Axes kernel = {1, 1, 1};
  Axes stride = {1, 1, 1};
  Axes dilation = {1, 1, 1};
  /// Zeros before the first element of an axis; those behind follow from `output`.
  Axes padding = {0, 0, 0};
  /// Windows along each axis.
  Axes output = {1, 1, 1};

  /// Elements of one channel, of one sample.
  int64_t plane() const { return input[0] * input[1] * input[2]; }
  int64_t sample_size() const { return channels * plane(); }
  /// Rows of one sample and their length.
  int64_t windows() const { return output[0] * output[1] * output[2]; }
  int64_t kernel_size() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t features() const { return channels * kernel_size(); }

  bool operator==(const PatchGeometry&) const = default;
};

PatchGeometry linear_geometry(int64_t features);

/// The attributes of an ONNX Conv, empty lists for their defaults.
struct ConvolutionAttributes {
  /// NOTSET, VALID, SAME_UPPER or SAME_LOWER.
  std::string auto_pad = "NOTSET";
  std::vector<int64_t> kernel_shape = {};
  std::vector<int64_t> strides = {};
  std::vector<int64_t> dilations = {};
  /// Begin of all axes, then end of all axes.
  std::vector<int64_t> pads = {};
  int64_t group = 1;

  bool operator==(const ConvolutionAttributes&) const = default;
};

/// Those of a Conv node; the kernel's shape is that of its weight.
ConvolutionAttributes convolution_attributes(const onnx::NodeProto& node,
                                             const tensor::Shape& weight);

/// The windows of a convolution over an input [N, C, spatial...] with 1 to 3 spatial axes.
/// Groups do not matter here: on a tile a grouped convolution is its block-diagonal matrix.
/// Throws std::invalid_argument on ranks that do not fit, sizes below 1, or no window at all.
PatchGeometry convolution_geometry(const ConvolutionAttributes& attributes,
                                   std::span<const int64_t> input_shape);

/// Writes row `window` of one sample: geometry.features() values, zeros for padding. Channels lie
/// in memory as [ceil(channels / channel_block)][plane][channel_block].
void copy_window(const PatchGeometry& geometry, std::span<const float> sample, int64_t window,
                 std::span<float> row, int64_t channel_block = 1);

/// The same elements as they lie in memory: neighbouring channels, then kernel positions.
void copy_window_entries(const PatchGeometry& geometry, std::span<const float> sample,
                         int64_t window, std::span<float> row, int64_t channel_block);

/// All rows of one sample, windows x features: the matrix that calibration never builds.
std::vector<float> unfold(const PatchGeometry& geometry, std::span<const float> sample);

}  // namespace rangefinder::graph
