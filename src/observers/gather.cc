#include "observers/gather.h"

#include <stdexcept>
#include <string>

#include "base/error.h"

namespace rangefinder::observers {
namespace {

// Dimensions before, along and behind an axis.
statistics::ChannelLayout split_at(const tensor::Shape& shape, size_t axis) {
  statistics::ChannelLayout layout;
  for (size_t i = 0; i < shape.size(); ++i) {
    size_t& part = i < axis ? layout.batch : i == axis ? layout.channels : layout.inner;
    part *= static_cast<size_t>(shape[i]);
  }
  return layout;
}

size_t axis_in(int64_t axis, const tensor::Shape& shape, const char* name) {
  const auto rank = static_cast<int64_t>(shape.size());
  if (axis < -rank || axis >= rank) {
    throw Error("The " + std::string(name) + " axis " + std::to_string(axis) +
                " is out of range for shape " + tensor::to_string(shape) + ".");
  }
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

}  // namespace

Gatherer::Gatherer(const quantization::TensorQuantizationConfig& config, const Needs& needs)
    : config_(config), needs_(needs) {
  if (needs.row_top > 0) rows_.emplace(needs.row_top);
}

statistics::ChannelLayout Gatherer::layout_of(const tensor::TensorView& batch) const {
  if (!config_.is_per_channel()) return {.inner = batch.element_count()};
  return split_at(batch.shape, axis_in(*config_.channel_axis, batch.shape, "channel"));
}

void Gatherer::add(const tensor::TensorView& batch) {
  add_channels(batch);
  if (rows_) add_rows(batch);
}

void Gatherer::add_channels(const tensor::TensorView& batch) {
  const statistics::ChannelLayout layout = layout_of(batch);
  if (!channels_.empty() && channels_.size() != layout.channels) {
    throw Error("A batch of shape " + tensor::to_string(batch.shape) + " has " +
                std::to_string(layout.channels) + " channels, the batches before it had " +
                std::to_string(channels_.size()) + ".");
  }
  channels_.resize(layout.channels);
  if (needs_.batch_figures) batches_.resize(layout.channels);
  if (batch.element_count() == 0) return;
  statistics::BatchScope scope(channels_, batches_);
  counter_.count_channels_nchw(batch.floats(), layout, channels_);
  scope.finish();
}

void Gatherer::add_rows(const tensor::TensorView& batch) {
  if (batch.element_count() == 0) return;
  const auto layout = split_at(batch.shape, axis_in(needs_.row_axis, batch.shape, "row"));
  rows_->add(batch.floats(), layout.channels, layout.inner);
}

Observations Gatherer::observations() const {
  return {.channels = channels_,
          .batches = batches_,
          .rows = rows_ ? &*rows_ : nullptr,
          .row_axis = needs_.row_axis};
}

}  // namespace rangefinder::observers
