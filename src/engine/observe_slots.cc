#include "engine/observe_slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "tensor/half.h"

namespace rangefinder::engine {
namespace {

using tensor::ElementType;

constexpr size_t kChunk = 1024;

/// Reads a tensor of any floating type as float32, a chunk at a time.
class FloatReader {
 public:
  FloatReader(ElementType type, const void* data) : type_(type), data_(data) {
    if (type != ElementType::kFloat32 && type != ElementType::kFloat16 &&
        type != ElementType::kBfloat16) {
      throw std::invalid_argument(
          fmt::format("cannot observe {} values", tensor::element_name(type)));
    }
  }

  /// Value number `index`.
  float at(size_t index) const {
    if (type_ == ElementType::kFloat32) return static_cast<const float*>(data_)[index];
    const uint16_t bits = static_cast<const uint16_t*>(data_)[index];
    return type_ == ElementType::kFloat16 ? tensor::float16_to_float(bits)
                                          : tensor::bfloat16_to_float(bits);
  }

  /// Adds `count` values, `stride` apart, from number `first` on.
  void add(statistics::TensorStatistics& to, size_t first, size_t count, size_t stride = 1) const {
    if (stride == 1 && type_ == ElementType::kFloat32) {
      to.add({static_cast<const float*>(data_) + first, count});
      return;
    }
    std::array<float, kChunk> chunk;
    for (size_t done = 0; done < count;) {
      const size_t n = std::min(kChunk, count - done);
      for (size_t i = 0; i < n; ++i) chunk[i] = at(first + (done + i) * stride);
      to.add({chunk.data(), n});
      done += n;
    }
  }

 private:
  ElementType type_;
  const void* data_;
};

/// Elements before, along and behind an axis.
struct AxisSplit {
  size_t outer = 1;
  size_t channels = 1;
  size_t inner = 1;
};

AxisSplit split(const tensor::Shape& shape, int64_t axis) {
  if (axis >= static_cast<int64_t>(shape.size())) {
    throw std::invalid_argument(
        fmt::format("no channel axis {} in shape {}", axis, tensor::to_string(shape)));
  }
  const auto size = [&](size_t i) { return static_cast<size_t>(shape[i]); };
  AxisSplit result;
  const auto channel_axis = static_cast<size_t>(axis);
  for (size_t i = 0; i < channel_axis; ++i) result.outer *= size(i);
  result.channels = size(channel_axis);
  for (size_t i = channel_axis + 1; i < shape.size(); ++i) result.inner *= size(i);
  return result;
}

void count_channels(const FloatReader& reader, const AxisSplit& axis, ChannelStatistics& to) {
  for (size_t o = 0; o < axis.outer; ++o) {
    for (size_t c = 0; c < axis.channels; ++c) {
      const size_t row = o * axis.channels * axis.inner;
      if (axis.inner == 1 && o == 0) reader.add(to[c], c, axis.outer, axis.channels);
      if (axis.inner != 1) reader.add(to[c], row + c * axis.inner, axis.inner);
    }
  }
}

/// Counts a blocked tensor. `shape` is [N, C rounded up to the block, H, W].
void count_blocked(const FloatReader& reader, const tensor::Shape& shape,
                   const ObserveTarget& target, ChannelStatistics& to) {
  if (shape.size() != 4 || shape[1] < target.channels || shape[1] % target.block != 0) {
    throw std::invalid_argument("not a blocked tensor: " + tensor::to_string(shape));
  }
  const auto block = static_cast<size_t>(target.block);
  const auto channels = static_cast<size_t>(target.channels);
  const size_t pixels = static_cast<size_t>(shape[2]) * static_cast<size_t>(shape[3]);
  const size_t image = static_cast<size_t>(shape[1]) * pixels;
  const bool together = target.channel_axis < 0;
  const size_t whole_blocks = together ? channels / block : 0;
  for (size_t n = 0; n < static_cast<size_t>(shape[0]); ++n) {
    if (together) reader.add(to[0], n * image, whole_blocks * block * pixels);
    for (size_t c = whole_blocks * block; c < channels; ++c) {
      const size_t first = n * image + c / block * block * pixels + c % block;
      reader.add(to[together ? 0 : c], first, pixels, block);
    }
  }
}

}  // namespace

void ObserveSlots::count(const ObserveTarget& target, const tensor::TensorView& values) {
  if (target.index >= slots_.size()) throw std::invalid_argument("no such observed tensor");
  const FloatReader reader(values.type, values.data);
  const bool together = target.channel_axis < 0;
  const bool blocked = target.block != 0;
  const AxisSplit axis =
      together || blocked ? AxisSplit{} : split(values.shape, target.channel_axis);
  const size_t channels =
      together ? 1 : (blocked ? static_cast<size_t>(target.channels) : axis.channels);
  ChannelStatistics& slot = slots_[target.index];
  if (slot.empty()) slot.resize(channels);
  if (slot.size() != channels) {
    throw std::invalid_argument(
        fmt::format("{} channels, there were {} before", channels, slot.size()));
  }
  if (blocked) {
    count_blocked(reader, values.shape, target, slot);
  } else if (together) {
    reader.add(slot[0], 0, values.element_count());
  } else {
    count_channels(reader, axis, slot);
  }
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
