#include "engine/observe_slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "statistics/simd/widen.h"
#include "tensor/half.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;

/// How the values of a row-major tensor lie around an axis.
statistics::ChannelLayout layout_around(const tensor::Shape& shape, int64_t axis) {
  if (axis >= static_cast<int64_t>(shape.size())) {
    throw std::invalid_argument(
        fmt::format("no channel axis {} in shape {}", axis, tensor::to_string(shape)));
  }
  const std::span<const int64_t> all(shape);
  const auto channel = static_cast<size_t>(axis);
  const auto product = [](std::span<const int64_t> sizes) {
    return static_cast<size_t>(tensor::element_count(sizes));
  };
  return {product(all.first(channel)), static_cast<size_t>(shape[channel]),
          product(all.subspan(channel + 1))};
}

/// `shape` is [N, C rounded up to the block, H, W].
statistics::ChannelLayout blocked_layout(const tensor::Shape& shape, const ObserveTarget& target) {
  if (shape.size() != 4 || shape[1] < target.channels ||
      shape[1] - target.channels >= target.block) {
    throw std::invalid_argument("not a blocked tensor: " + tensor::to_string(shape));
  }
  return {static_cast<size_t>(shape[0]), static_cast<size_t>(target.channels),
          static_cast<size_t>(shape[2] * shape[3])};
}

}  // namespace

void ObserveSlots::count(const ObserveTarget& target, const tensor::TensorView& values) {
  if (target.index >= slots_.size()) throw std::invalid_argument("no such observed tensor");
  ChannelStatistics& slot = slots_[target.index];
  if (target.channel_axis < 0 && target.block == 0) {
    count_together(values, slot_for(slot, 1)[0]);
  } else if (target.block != 0) {
    count_blocked(target, values, slot);
  } else {
    count_channels(target, values, slot);
  }
}

std::span<statistics::TensorStatistics> ObserveSlots::slot_for(ChannelStatistics& slot,
                                                               size_t channels) {
  if (slot.empty()) slot.resize(channels);
  if (slot.size() != channels) {
    throw std::invalid_argument(
        fmt::format("{} channels, there were {} before", channels, slot.size()));
  }
  return slot;
}

void ObserveSlots::count_together(const tensor::TensorView& values,
                                  statistics::TensorStatistics& into) {
  const std::span halves(static_cast<const uint16_t*>(values.data), values.element_count());
  if (values.type == ElementType::kFloat16) {
    counter_.count_float16(halves, into);
  } else if (values.type == ElementType::kBfloat16) {
    counter_.count_bfloat16(halves, into);
  } else {
    counter_.count(as_floats(values), into);
  }
}

void ObserveSlots::count_blocked(const ObserveTarget& target, const tensor::TensorView& values,
                                 ChannelStatistics& slot) {
  const auto layout = blocked_layout(values.shape, target);
  const auto block = static_cast<size_t>(target.block);
  const std::span<const float> floats = as_floats(values);
  if (target.channel_axis < 0) {
    counter_.count_blocked(floats, layout, block, slot_for(slot, 1)[0]);
  } else {
    counter_.count_channels_blocked(floats, layout, block, slot_for(slot, layout.channels));
  }
}

void ObserveSlots::count_channels(const ObserveTarget& target, const tensor::TensorView& values,
                                  ChannelStatistics& slot) {
  const auto layout = layout_around(values.shape, target.channel_axis);
  const std::span<const float> floats = as_floats(values);
  const std::span<statistics::TensorStatistics> into = slot_for(slot, layout.channels);
  if (layout.inner == 1) {
    counter_.count_channels_nhwc(floats, {1, layout.channels, layout.batch}, into);
  } else {
    counter_.count_channels_nchw(floats, layout, into);
  }
}

std::span<const float> ObserveSlots::as_floats(const tensor::TensorView& values) {
  if (values.type == ElementType::kFloat32) return values.floats();
  const std::span halves(static_cast<const uint16_t*>(values.data), values.element_count());
  widened_.resize(halves.size());
  if (values.type == ElementType::kFloat16) {
    statistics::simd::widen_float16(halves, widened_.data());
  } else if (values.type == ElementType::kBfloat16) {
    std::ranges::transform(halves, widened_.begin(), tensor::bfloat16_to_float);
  } else {
    throw std::invalid_argument(
        fmt::format("cannot observe {} values", tensor::element_name(values.type)));
  }
  return widened_;
}

std::vector<ChannelStatistics> ObserveSlots::take() {
  std::vector<ChannelStatistics> result(slots_.size());
  std::swap(result, slots_);
  return result;
}

bool ObserveSlots::saw_nonfinite(size_t index) const {
  const ChannelStatistics& slot = slots_.at(index);
  return std::any_of(slot.begin(), slot.end(), [](const statistics::TensorStatistics& channel) {
    return channel.extrema.nan_count != 0 || channel.extrema.infinity_count() != 0;
  });
}

void merge_channels(ChannelStatistics& to, ChannelStatistics from) {
  if (from.empty()) return;
  if (to.empty()) {
    to = std::move(from);
    return;
  }
  if (to.size() != from.size()) {
    throw Error(fmt::format("{} channels in one sample, {} in another", to.size(), from.size()));
  }
  for (size_t c = 0; c < to.size(); ++c) to[c].merge(from[c]);
}

}  // namespace rangefinder::engine
