#include "rangefinder/tensor_counter.h"

#include <fmt/format.h>

#include <map>
#include <stdexcept>
#include <utility>

#include "api/statistics_state.h"
#include "base/error.h"
#include "engine/compute_device.h"
#include "engine/observe_slots.h"

namespace rangefinder {
namespace {

uint32_t axis_of(int64_t axis, const Shape& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  if (axis < -rank || axis >= rank) {
    throw std::invalid_argument(
        fmt::format("no channel axis {} in shape {}", axis, to_string(shape)));
  }
  return static_cast<uint32_t>(axis < 0 ? axis + rank : axis);
}

int64_t channels_of(const TensorView& batch, std::optional<uint32_t> axis) {
  return axis ? batch.shape[*axis] : 1;
}

/// One tensor, and where its batches are counted.
struct Counted {
  ElementType type;
  std::optional<uint32_t> channel_axis;
  int64_t channels;
  engine::ObserveTarget target;
  /// By the number of the CUDA device; -1: the CPU.
  std::map<int, engine::ObserveSlots> slots = {};

  Counted(const TensorView& first, std::optional<uint32_t> axis)
      : type(first.type),
        channel_axis(axis),
        channels(channels_of(first, axis)),
        target{.channel_axis = axis ? int64_t{*axis} : -1, .keeps_rows = first.shape.size() == 2} {}

  void require_same(const TensorView& batch, std::optional<uint32_t> axis) const {
    if (batch.type != type) {
      throw std::invalid_argument(fmt::format("{} values, there were {} before",
                                              element_name(batch.type), element_name(type)));
    }
    if (axis != channel_axis) throw std::invalid_argument("another channel axis than before");
    if (const int64_t found = channels_of(batch, axis); found != channels) {
      throw std::invalid_argument(
          fmt::format("{} channels, there were {} before", found, channels));
    }
  }

  void count(const TensorView& batch, const TensorPlace& place) {
    if (place.device.kind == Device::Kind::kCpu) {
      slots.try_emplace(-1, 1).first->second.count(target, batch);
      return;
    }
    auto found = slots.find(place.device.number);
    if (found == slots.end()) {
      found =
          slots.try_emplace(place.device.number, 1, engine::open_compute_device(place.device).cuda)
              .first;
    }
    found->second.count_on_device(target, batch, place.stream);
    // Nothing may still read the values when their owner has them back.
    found->second.finish_run();
  }

  statistics::ObservedTensor observed(const std::string& name) {
    engine::TensorObservation all;
    for (auto& [place, its] : slots) all.merge(its.slots().front());
    return {.name = name,
            .type = type,
            .channel_axis = channel_axis,
            .channels = std::move(all.channels),
            .row_top = std::move(all.row_top),
            .row_axis = target.row_axis,
            .batch_figures = std::move(all.batch_figures)};
  }
};

}  // namespace

struct TensorCounter::State {
  std::map<std::string, Counted> tensors = {};
};

TensorCounter::TensorCounter() : state_(std::make_unique<State>()) {}
TensorCounter::TensorCounter(TensorCounter&&) noexcept = default;
TensorCounter& TensorCounter::operator=(TensorCounter&&) noexcept = default;
TensorCounter::~TensorCounter() = default;

void TensorCounter::count(const std::string& name, const TensorView& batch,
                          std::optional<int64_t> channel_axis, const TensorPlace& place) {
  try {
    std::optional<uint32_t> axis;
    if (channel_axis) axis = axis_of(*channel_axis, batch.shape);
    const auto known = state_->tensors.find(name);
    if (known != state_->tensors.end()) {
      known->second.require_same(batch, axis);
      return known->second.count(batch, place);
    }
    // A tensor of which no batch could be counted is not known afterwards.
    Counted counted(batch, axis);
    counted.count(batch, place);
    state_->tensors.try_emplace(name, std::move(counted));
  } catch (const Error& error) {
    throw error.within({.tensor = name});
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("tensor '{}': {}", name, error.what()));
  }
}

Statistics TensorCounter::statistics() const {
  statistics::StatisticsFile content;
  for (auto& [name, counted] : state_->tensors) content.tensors.push_back(counted.observed(name));
  return statistics_of(std::move(content));
}

}  // namespace rangefinder
