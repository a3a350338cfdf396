#include "analog/ranges/device_calls.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "tensor/tensor.h"

namespace rangefinder::analog {
namespace {

constexpr uint32_t kBuckets = statistics::ValueHistogram::kBucketsPerOctave;

/// A row of a fully connected layer is a window over all its values: for the device each value is a
/// channel of its own, so that a row is one position.
bool is_linear(const PatchGeometry& geometry) {
  return geometry == linear_geometry(geometry.input[2]);
}

void copy_axes(const PatchGeometry::Axes& from, uint32_t (&to)[3]) {
  std::ranges::transform(from, to, [](int64_t size) { return static_cast<uint32_t>(size); });
}

cuda::WindowShape windows_of(const PatchGeometry& geometry) {
  cuda::WindowShape windows;
  copy_axes(geometry.input, windows.input);
  copy_axes(geometry.kernel, windows.kernel);
  copy_axes(geometry.stride, windows.stride);
  copy_axes(geometry.dilation, windows.dilation);
  copy_axes(geometry.padding, windows.padding);
  copy_axes(geometry.output, windows.output);
  return windows;
}

cuda::ChannelCoverage coverage_of(const CoverageBlock& block) {
  return {.offset = static_cast<uint64_t>(block.offset),
          .channels = static_cast<uint64_t>(block.channels),
          .channel_stride = static_cast<uint64_t>(block.channel_stride),
          .length = static_cast<uint64_t>(block.length),
          .uniform = block.uniform,
          .weights = block.weights};
}

cuda::MatrixShape shape_of(const PatchPlan& plan) {
  const PatchGeometry& geometry = plan.geometry;
  cuda::MatrixShape shape{.channels = static_cast<uint64_t>(geometry.channels),
                          .plane = static_cast<uint64_t>(geometry.plane()),
                          .windows = windows_of(geometry)};
  if (is_linear(geometry)) {
    std::swap(shape.channels, shape.plane);
    shape.windows = windows_of({});
  }
  for (const auto& blocks : plan.coverage) {
    auto& slice = shape.slices.emplace_back();
    for (const CoverageBlock& block : blocks) slice.push_back(coverage_of(block));
  }
  return shape;
}

/// Of `entries` values, those that have no bucket being zeros.
statistics::ValueHistogram histogram_of(std::span<uint64_t> keys, uint64_t entries) {
  keys[0] = 0;  // Below 2^-133 there are no buckets.
  statistics::ValueHistogram histogram;
  for (uint32_t octave = 0; octave < keys.size() / kBuckets; ++octave) {
    histogram.add_octave(octave, keys.subspan(octave * kBuckets).first<kBuckets>());
  }
  histogram.add_zeros(entries - std::accumulate(keys.begin(), keys.end(), uint64_t{0}));
  return histogram;
}

}  // namespace

DeviceCalls::DeviceCalls(const std::shared_ptr<const cuda::Device>& device)
    : counter_(device), copier_(device, 0) {}

void DeviceCalls::observe(const CallId& call, const PatchPlan& plan,
                          const cuda::DeviceValues& values, RangeMethod& method) {
  if (plan.channel_block != 1) throw std::invalid_argument("blocked activations on a device");
  if (method.sight() == Sight::kValues) return show(call, plan, values, method);
  if (slices_.empty() || plan.geometry != geometry_) {
    counter_.set_shape(shape_of(plan));
    geometry_ = plan.geometry;
    slices_ = plan.slices;
    largest_.resize(slices_.size(), 0);
  }
  count(plan, values, method.sight());
}

void DeviceCalls::show(const CallId& call, const PatchPlan& plan, const cuda::DeviceValues& values,
                       RangeMethod& method) {
  tensor::Tensor copy(values.type, {static_cast<int64_t>(values.size)});
  std::ranges::copy(copier_.copy(values), copy.bytes().begin());
  if (values.type != tensor::ElementType::kFloat32) copy = copy.to_float32();
  method.observe(call, ActivationMatrix(plan, std::as_const(copy).floats()));
}

void DeviceCalls::count(const PatchPlan& plan, const cuda::DeviceValues& values, Sight sight) {
  const std::vector<uint32_t> largest = counter_.survey(values);
  // A call with NaN must leave no trace.
  for (const uint32_t bits : largest) require_finite(bits);
  if (sight == Sight::kCounts) counter_.count(values);
  for (size_t slice = 0; slice < largest.size(); ++slice) {
    largest_[slice] = std::max(largest_[slice], largest[slice]);
  }
  rows_ += values.size / plan.sample_size * static_cast<uint64_t>(plan.geometry.windows());
}

void DeviceCalls::flush(RangeMethod& method) {
  if (rows_ == 0) return;
  std::vector<MagnitudeHistogram> slices(slices_.size());
  if (method.sight() == Sight::kCounts) {
    cuda::MatrixCounter::Counts counts = counter_.take();
    const uint64_t rows = rows_ - counts.zero_rows;
    for (size_t slice = 0; slice < slices.size(); ++slice) {
      slices[slice].counts =
          histogram_of(counts.keys[slice], rows * static_cast<uint64_t>(slices_[slice].width()));
    }
  }
  for (size_t slice = 0; slice < slices.size(); ++slice) {
    slices[slice].largest = std::bit_cast<float>(std::exchange(largest_[slice], 0));
  }
  rows_ = 0;
  method.add_counted(slices);
}

}  // namespace rangefinder::analog
