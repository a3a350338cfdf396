#include "engine/observe_slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "cuda/counter.h"
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

/// Throws std::invalid_argument if the shape has no such axis.
int64_t axis_from_front(int64_t axis, const tensor::Shape& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  if (axis < -rank || axis >= rank) {
    throw std::invalid_argument(
        fmt::format("no axis {} in shape {}", axis, tensor::to_string(shape)));
  }
  return axis < 0 ? axis + rank : axis;
}

size_t channel_count(const ObserveTarget& target, const tensor::Shape& shape) {
  if (target.channel_axis < 0) return 1;
  if (target.block != 0) return static_cast<size_t>(target.channels);
  return layout_around(shape, target.channel_axis).channels;
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

/// Of what was counted; infinity if any value was not finite.
float largest_magnitude(std::span<const statistics::TensorStatistics> channels) {
  float largest = 0;
  for (const auto& [histogram, extrema] : channels) {
    if (extrema.nan_count + extrema.infinity_count() > 0) {
      return std::numeric_limits<float>::infinity();
    }
    if (!extrema.has_range()) continue;
    largest = std::max({largest, std::abs(extrema.min), std::abs(extrema.max)});
  }
  return largest;
}

/// A matrix of more rows is one sample of so many positions, not a batch of so many samples.
constexpr int64_t kMostRowsOfBatch = 32;

/// `shape` is row-major, or [N, C rounded up to the block, H, W].
statistics::SumLayout sum_layout(const tensor::Shape& shape, const ObserveTarget& target) {
  if (target.block != 0) {
    const auto blocked = blocked_layout(shape, target);
    return {.entries = blocked.batch,
            .channels = blocked.channels,
            .inner = blocked.inner,
            .block = static_cast<size_t>(target.block)};
  }
  const int64_t axis = axis_from_front(target.sum_axis, shape);
  const auto around = layout_around(shape, axis);
  statistics::SumLayout layout{
      .rows = around.batch, .channels = around.channels, .inner = around.inner};
  const bool is_batch = axis > 0 && (shape.size() > 2 || shape[0] <= kMostRowsOfBatch);
  if (!is_batch || shape[0] == 0) return layout;
  layout.entries = static_cast<size_t>(shape[0]);
  layout.rows /= layout.entries;
  return layout;
}

/// `shape` is row-major, or [N, C rounded up to the block, H, W].
statistics::ChannelLayout spread_layout(const tensor::Shape& shape, const ObserveTarget& target) {
  return target.block != 0 ? blocked_layout(shape, target)
                           : layout_around(shape, axis_from_front(target.spread_axis, shape));
}

}  // namespace

void ObserveSink::count_on_device(const ObserveTarget&, const tensor::TensorView&, void*) {
  throw std::invalid_argument("values on a device are not counted here");
}

ObserveSlots::ObserveSlots(size_t tensor_count, std::shared_ptr<const cuda::Device> device)
    : slots_(tensor_count), tables_(tensor_count) {
  if (device) device_counter_ = std::make_unique<cuda::Counter>(std::move(device), tensor_count);
}

ObserveSlots::~ObserveSlots() = default;

void ObserveSlots::count(const ObserveTarget& target, const tensor::TensorView& values) {
  if (!is_counting_) return;
  if (target.index >= slots_.size()) throw std::invalid_argument("no such observed tensor");
  TensorObservation& slot = slots_[target.index];
  std::optional<float> largest;
  if (target.is_counted) largest = count_tensor(target, values, slot);
  if (target.keeps_sums) add_sums(target, values, largest, slot.channel_sums);
  if (target.keeps_spread) {
    slot.spread.add(as_floats(values), spread_layout(values.shape, target),
                    static_cast<size_t>(target.block));
  }
}

float ObserveSlots::count_tensor(const ObserveTarget& target, const tensor::TensorView& values,
                                 TensorObservation& slot) {
  prepare(target, values.shape, slot);
  statistics::BatchScope batch(slot.channels, slot.batch_figures);
  count_values(target, values, slot.channels);
  batch.finish();
  if (target.keeps_rows) keep_rows(target, values, slot);
  return largest_magnitude(slot.channels);
}

void ObserveSlots::prepare(const ObserveTarget& target, const tensor::Shape& shape,
                           TensorObservation& slot) {
  const size_t channels = channel_count(target, shape);
  if (slot.channels.empty()) {
    slot.channels.resize(channels);
    slot.batch_figures.resize(channels);
  }
  if (slot.channels.size() != channels) {
    throw std::invalid_argument(
        fmt::format("{} channels, there were {} before", channels, slot.channels.size()));
  }
}

void ObserveSlots::count_on_device(const ObserveTarget& target, const tensor::TensorView& values,
                                   void* stream) {
  if (!is_counting_) return;
  if (!device_counter_) return ObserveSink::count_on_device(target, values, stream);
  if (target.index >= slots_.size()) throw std::invalid_argument("no such observed tensor");
  if (target.block != 0) throw std::invalid_argument("blocked tensors are counted on the CPU");
  TensorObservation& slot = slots_[target.index];
  const cuda::DeviceValues on_device{values.data, values.type, values.element_count(), stream};
  if (target.is_counted) {
    prepare(target, values.shape, slot);
    std::optional<statistics::ChannelLayout> layout;
    if (target.channel_axis >= 0) layout = layout_around(values.shape, target.channel_axis);
    device_counter_->count(target.index, on_device, layout, {slot.channels, slot.batch_figures});
    if (target.keeps_rows) {
      const auto rows = layout_around(values.shape, axis_from_front(target.row_axis, values.shape));
      if (!slot.row_top) slot.row_top.emplace(statistics::RowTop::kMaxK);
      device_counter_->keep_rows(on_device, rows.channels, rows.inner, *slot.row_top);
    }
  }
  if (target.keeps_sums) {
    device_counter_->add_sums(target.index, on_device, sum_layout(values.shape, target),
                              slot.channel_sums);
  }
  if (target.keeps_spread) {
    const std::vector<std::byte> copy = device_counter_->copy(on_device);
    slot.spread.add(as_floats({values.type, values.shape, copy.data()}),
                    spread_layout(values.shape, target));
  }
}

void ObserveSlots::finish_run() {
  if (device_counter_) device_counter_->finish();
}

void ObserveSlots::add_sums(const ObserveTarget& target, const tensor::TensorView& values,
                            std::optional<float> largest, statistics::ChannelSums& into) {
  const auto layout = sum_layout(values.shape, target);
  const std::span<const float> floats = as_floats(values);
  if (!largest) largest = statistics::ChannelSummer::largest(floats, layout);
  summer_.add(floats, layout, *largest, into);
}

void ObserveSlots::count_values(const ObserveTarget& target, const tensor::TensorView& values,
                                std::span<statistics::TensorStatistics> into) {
  if (target.block != 0) {
    count_blocked(target, values, into);
  } else if (target.channel_axis < 0) {
    count_together(target, values, into[0]);
  } else {
    count_channels(target, values, into);
  }
}

statistics::KeyTable* ObserveSlots::table_for(const ObserveTarget& target) {
  auto& table = tables_[target.index];
  if (!table) table = std::make_unique<statistics::KeyTable>();
  return table.get();
}

void ObserveSlots::settle(size_t index) {
  if (device_counter_) {
    device_counter_->finish();
    device_counter_->flush(index, slots_.at(index).channels);
  }
  if (tables_.at(index)) tables_[index]->flush(slots_[index].channels[0].histogram);
}

const std::vector<TensorObservation>& ObserveSlots::slots() {
  for (size_t i = 0; i < slots_.size(); ++i) settle(i);
  return slots_;
}

void ObserveSlots::count_together(const ObserveTarget& target, const tensor::TensorView& values,
                                  statistics::TensorStatistics& into) {
  const std::span halves(static_cast<const uint16_t*>(values.data), values.element_count());
  if (values.type == ElementType::kFloat16) {
    counter_.count_float16(halves, into, table_for(target));
  } else if (values.type == ElementType::kBfloat16) {
    counter_.count_bfloat16(halves, into, table_for(target));
  } else {
    counter_.count(as_floats(values), into, table_for(target));
  }
}

void ObserveSlots::count_blocked(const ObserveTarget& target, const tensor::TensorView& values,
                                 std::span<statistics::TensorStatistics> into) {
  const auto layout = blocked_layout(values.shape, target);
  const auto block = static_cast<size_t>(target.block);
  const std::span<const float> floats = as_floats(values);
  if (target.channel_axis < 0) {
    counter_.count_blocked(floats, layout, block, into[0], table_for(target));
  } else {
    counter_.count_channels_blocked(floats, layout, block, into);
  }
}

void ObserveSlots::count_channels(const ObserveTarget& target, const tensor::TensorView& values,
                                  std::span<statistics::TensorStatistics> into) {
  const auto layout = layout_around(values.shape, target.channel_axis);
  const std::span<const float> floats = as_floats(values);
  if (layout.inner == 1) {
    counter_.count_channels_nhwc(floats, {1, layout.channels, layout.batch}, into);
  } else {
    counter_.count_channels_nchw(floats, layout, into);
  }
}

void ObserveSlots::keep_rows(const ObserveTarget& target, const tensor::TensorView& values,
                             TensorObservation& slot) {
  const auto layout = layout_around(values.shape, axis_from_front(target.row_axis, values.shape));
  if (!slot.row_top) slot.row_top.emplace(statistics::RowTop::kMaxK);
  slot.row_top->add(as_floats(values), layout.channels, layout.inner);
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

TensorObservation ObserveSlots::take(size_t index) {
  settle(index);
  tables_.at(index).reset();
  return std::exchange(slots_[index], {});
}

bool ObserveSlots::saw_nonfinite(size_t index) const {
  const ChannelStatistics& slot = slots_.at(index).channels;
  return std::any_of(slot.begin(), slot.end(), [](const statistics::TensorStatistics& channel) {
    return channel.extrema.nan_count != 0 || channel.extrema.infinity_count() != 0;
  });
}

void TensorObservation::merge(TensorObservation from) {
  channel_sums.merge(from.channel_sums);
  spread.merge(from.spread);
  if (from.channels.empty()) return;
  if (channels.empty()) {
    from.channel_sums = std::move(channel_sums);
    from.spread = std::move(spread);
    *this = std::move(from);
    return;
  }
  if (channels.size() != from.channels.size()) {
    throw Error(fmt::format("{} channels in one sample, {} in another", channels.size(),
                            from.channels.size()));
  }
  for (size_t c = 0; c < channels.size(); ++c) {
    channels[c].merge(from.channels[c]);
    batch_figures[c].merge(from.batch_figures[c]);
  }
  if (row_top) row_top->merge(*from.row_top);
}

}  // namespace rangefinder::engine
