#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "analog/activations/activation_matrix.h"
#include "analog/activations/patch_geometry.h"
#include "support/streams.h"

namespace rangefinder::analog {

/// Convolutions over 1 to 3 axes with every combination of what can go wrong: padding on one side,
/// strides beyond the kernel (elements that no window sees), dilation, windows all in the padding.
inline std::vector<PatchGeometry> sample_geometries() {
  std::vector<PatchGeometry> result = {linear_geometry(1), linear_geometry(13)};
  const auto add = [&](ConvolutionAttributes attributes, tensor::Shape shape) {
    result.push_back(convolution_geometry(attributes, shape));
  };
  add({.kernel_shape = {3}}, {1, 2, 7});
  add({.kernel_shape = {3}, .strides = {2}, .dilations = {2}, .pads = {2, 0}}, {1, 3, 9});
  add({.kernel_shape = {2}, .strides = {5}}, {1, 2, 14});
  add({.kernel_shape = {1, 1}}, {1, 5, 4, 3});
  add({.kernel_shape = {3, 3}, .pads = {1, 1, 1, 1}}, {1, 3, 6, 5});
  add({.kernel_shape = {2, 3}, .strides = {2, 1}, .pads = {0, 1, 1, 2}}, {1, 4, 7, 6});
  add({.kernel_shape = {3, 3}, .dilations = {2, 2}, .pads = {4, 4, 4, 4}}, {1, 2, 8, 5});
  add({.kernel_shape = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}}, {1, 20, 4, 4});
  add({.kernel_shape = {1, 1}}, {1, 16, 3, 3});
  add({.kernel_shape = {1, 1}, .strides = {2, 3}}, {1, 3, 5, 7});
  add({.kernel_shape = {2, 2, 3}, .strides = {1, 2, 1}, .pads = {1, 0, 1, 1, 1, 1}},
      {1, 2, 4, 5, 6});
  add({.kernel_shape = {3, 3, 3}, .dilations = {1, 2, 1}, .pads = {2, 2, 2, 2, 2, 2}},
      {1, 1, 4, 4, 4});
  return result;
}

/// Activations with many zeros, whole zero regions, and both signs.
inline std::vector<float> sparse_samples(const PatchGeometry& geometry, size_t count,
                                         uint32_t seed) {
  const auto size = static_cast<size_t>(geometry.sample_size());
  const tensor::Tensor noise =
      support::stream_batch("normal", seed, {static_cast<int64_t>(count * size)});
  std::vector<float> values(noise.floats().begin(), noise.floats().end());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t at = i % static_cast<size_t>(geometry.plane());
    const bool dark = 3 * at < static_cast<size_t>(geometry.plane());
    if (dark || values[i] < -0.8f) values[i] = i % 2 == 0 ? 0.0f : -0.0f;
  }
  return values;
}

/// The same samples as blocks of channels: [ceil(channels / block)][plane][block] each, where what
/// fills up the last block is NaN, so that whoever reads it will be found out.
inline std::vector<float> blocked(const PatchGeometry& geometry, std::span<const float> values,
                                  int64_t block) {
  const auto sample_size = static_cast<size_t>(geometry.sample_size());
  const auto plane = static_cast<size_t>(geometry.plane());
  const auto lanes = static_cast<size_t>(block);
  const size_t stored = stored_size(geometry, block);
  std::vector<float> result(values.size() / sample_size * stored, NAN);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = i % sample_size / plane;
    const size_t position = i % plane;
    const size_t in_sample = (channel / lanes * plane + position) * lanes + channel % lanes;
    result[i / sample_size * stored + in_sample] = values[i];
  }
  return result;
}

/// Block 1 is row-major.
inline constexpr int64_t kChannelBlocks[] = {1, 2, 8, 16};

/// The columns of a slice over all kept rows of all samples: what the counts must agree with.
inline std::vector<float> unfolded_entries(const PatchGeometry& geometry,
                                           std::span<const float> values, ColumnRange columns) {
  const auto size = static_cast<size_t>(geometry.sample_size());
  const auto features = static_cast<size_t>(geometry.features());
  std::vector<float> entries;
  for (size_t begin = 0; begin < values.size(); begin += size) {
    const std::vector<float> rows = unfold(geometry, values.subspan(begin, size));
    for (size_t row = 0; row < rows.size(); row += features) {
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(row);
      const auto last = first + static_cast<std::ptrdiff_t>(features);
      if (std::all_of(first, last, [](float x) { return x == 0.0f; })) continue;
      entries.insert(entries.end(), first + columns.begin, first + columns.end);
    }
  }
  return entries;
}

}  // namespace rangefinder::analog
