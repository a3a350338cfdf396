#include "cuda/matrix_counter.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "cuda/grids.h"

namespace rangefinder::cuda {
namespace {

constexpr size_t kTableBytes = kMagnitudeKeys * sizeof(uint64_t);

uint64_t total_weight(const ChannelCoverage& coverage) {
  const uint64_t of_channel =
      coverage.weights.empty()
          ? coverage.length * coverage.uniform
          : std::accumulate(coverage.weights.begin(), coverage.weights.end(), uint64_t{0});
  return of_channel * coverage.channels;
}

}  // namespace

MatrixCounter::MatrixCounter(std::shared_ptr<const Device> device)
    : device_(std::move(device)), last_(device_) {}

void MatrixCounter::set_shape(const MatrixShape& shape) {
  if (!slices_.empty() && slices_.size() != shape.slices.size()) {
    throw std::invalid_argument("another number of slices");
  }
  std::vector<std::vector<Coverage>> slices(shape.slices.size());
  for (size_t slice = 0; slice < slices.size(); ++slice) {
    for (const ChannelCoverage& coverage : shape.slices[slice]) {
      Coverage& added = slices[slice].emplace_back();
      added.shape = coverage;
      added.shape.weights = {};
      added.total = total_weight(coverage);
      if (coverage.weights.empty()) continue;
      added.weights = Memory(device_, coverage.weights.size_bytes(), "the weights of a layer");
      device_->copy_from_host(added.weights.address(), std::as_bytes(coverage.weights));
    }
  }
  shape_ = {shape.channels, shape.plane, shape.windows, {}};
  slices_ = std::move(slices);
}

uint64_t MatrixCounter::sample_count(const DeviceValues& values) const {
  if (slices_.empty() || values.size % shape_.sample_size() != 0) {
    throw std::invalid_argument("values do not divide into samples");
  }
  return values.size / shape_.sample_size();
}

CoverageArguments MatrixCounter::arguments(const DeviceValues& values, size_t slice,
                                           const Coverage& coverage) const {
  const uint64_t samples = sample_count(values);
  const bool is_light = coverage.total == 0 || samples <= UINT32_MAX / coverage.total;
  return {.values = values.address,
          .samples = samples,
          .sample_size = shape_.sample_size(),
          .offset = coverage.shape.offset,
          .channels = coverage.shape.channels,
          .channel_stride = coverage.shape.channel_stride,
          .length = coverage.shape.length,
          .weights = coverage.weights.size() == 0 ? nullptr : coverage.weights.as<uint32_t>(),
          .uniform = coverage.shape.uniform,
          .is_light = is_light ? 1u : 0u,
          .largest = largest_.as<uint32_t>(slice * sizeof(uint32_t)),
          .table = tables_.size() == 0 ? nullptr : tables_.as<uint64_t>(slice * kTableBytes)};
}

void MatrixCounter::launch(Kernel kernel, const DeviceValues& values) {
  for (size_t slice = 0; slice < slices_.size(); ++slice) {
    for (const Coverage& coverage : slices_[slice]) {
      const CoverageArguments its = arguments(values, slice, coverage);
      const uint64_t pieces = piece_count(its);
      if (pieces == 0) continue;
      device_->launch(kernel, values.type, row_grid(pieces, device_->multiprocessor_count()), its,
                      values.stream);
    }
  }
}

void MatrixCounter::wait_for(void* stream) {
  last_.record(stream);
  last_.wait();
}

std::vector<uint32_t> MatrixCounter::survey(const DeviceValues& values) {
  sample_count(values);
  std::vector<uint32_t> largest(slices_.size());
  const std::span bytes = std::as_writable_bytes(std::span(largest));
  if (largest_.size() == 0) largest_ = Memory(device_, bytes.size(), "the extremes of a layer");
  device_->clear(largest_.address(), largest_.size());
  launch(Kernel::kSurvey, values);
  wait_for(values.stream);
  device_->copy_to_host(bytes, largest_.address());
  return largest;
}

void MatrixCounter::count(const DeviceValues& values) {
  if (tables_.size() == 0) {
    zero_rows_ = Memory(device_, sizeof(uint64_t), "the counts of a layer");
    // Last: there are tables where all is there.
    tables_ = Memory(device_, slices_.size() * kTableBytes, "the counts of a layer");
  }
  launch(Kernel::kWeigh, values);
  count_zero_rows(values);
  wait_for(values.stream);
}

void MatrixCounter::count_zero_rows(const DeviceValues& values) {
  const uint64_t samples = sample_count(values);
  const uint64_t positions = samples * shape_.plane;
  if (positions == 0) return;
  if (marks_.size() < positions) marks_ = Memory(device_, positions, "the zeros of a layer");
  const WindowArguments arguments{.values = values.address,
                                  .samples = samples,
                                  .channels = shape_.channels,
                                  .plane = shape_.plane,
                                  .shape = shape_.windows,
                                  .marks = marks_.as<uint8_t>(),
                                  .zero_windows = zero_rows_.as<uint64_t>()};
  const auto& output = shape_.windows.output;
  const uint64_t windows = samples * output[0] * output[1] * output[2];
  const unsigned processors = device_->multiprocessor_count();
  device_->launch(Kernel::kPositions, values.type, thread_grid(positions, processors), arguments,
                  values.stream);
  device_->launch(Kernel::kWindows, values.type, thread_grid(windows, processors), arguments,
                  values.stream);
}

MatrixCounter::Counts MatrixCounter::take() {
  Counts counts;
  counts.keys.assign(slices_.size(), std::vector<uint64_t>(kMagnitudeKeys));
  if (tables_.size() == 0) return counts;
  for (size_t slice = 0; slice < slices_.size(); ++slice) {
    device_->copy_to_host(std::as_writable_bytes(std::span(counts.keys[slice])),
                          tables_.address() + slice * kTableBytes);
  }
  device_->copy_to_host(std::as_writable_bytes(std::span(&counts.zero_rows, 1)),
                        zero_rows_.address());
  device_->clear(tables_.address(), tables_.size());
  device_->clear(zero_rows_.address(), zero_rows_.size());
  return counts;
}

}  // namespace rangefinder::cuda
