#include "workflow/data_look.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace rangefinder::workflow {
namespace {

/// Eight bytes at a time: a look must cost little beside the network. The multiplication is that of
/// Fingerprint, the rotation brings high bits down, where it would never reach them.
uint64_t hash_of(std::span<const std::byte> bytes, uint64_t state) {
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15u;
  const auto add = [&](uint64_t word) { state = std::rotl((state ^ word) * kFactor, 29); };
  for (; bytes.size() >= sizeof(uint64_t); bytes = bytes.subspan(sizeof(uint64_t))) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    add(word);
  }
  for (const std::byte byte : bytes) add(std::to_integer<uint64_t>(byte));
  return state;
}

uint64_t hash_of(const tensor::NamedTensors& sample) {
  uint64_t state = 0;
  for (const auto& [name, value] : sample) {
    state = hash_of(std::as_bytes(std::span(name)), state + name.size());
    for (const int64_t size : value.shape()) {
      state = hash_of(std::as_bytes(std::span(&size, 1)), state);
    }
    state = hash_of(value.bytes(), state + value.bytes().size());
  }
  return state;
}

bool has_picture_shape(const tensor::Shape& shape) {
  const auto are_channels = [](int64_t count) { return count == 1 || count == 3 || count == 4; };
  return shape.size() == 4 && (are_channels(shape[1]) || are_channels(shape[3]));
}

bool are_pixels(std::span<const float> values) {
  bool is_above_one = false;
  for (const float x : values) {
    if (!(x >= 0 && x <= 255) || x != std::floor(x)) return false;
    is_above_one = is_above_one || x > 1;
  }
  return is_above_one;
}

InputLook look_at(const tensor::Tensor& input) {
  InputLook look{.sample_count = 1};
  const auto values = input.floats();
  look.minimum = std::numeric_limits<float>::infinity();
  look.maximum = -look.minimum;
  for (const float x : values) {
    // A comparison with NaN is false, so that NaN changes nothing.
    look.minimum = x < look.minimum ? x : look.minimum;
    look.maximum = x > look.maximum ? x : look.maximum;
    look.squares += std::isfinite(x) ? static_cast<double>(x) * static_cast<double>(x) : 0;
  }
  look.count = values.size();
  // One number is no pattern.
  look.constant_count = look.count > 1 && look.minimum == look.maximum;
  look.zero_count = look.constant_count != 0 && look.minimum == 0;
  look.pixel_count = look.constant_count == 0 && are_pixels(values);
  look.is_picture = has_picture_shape(input.shape());
  return look;
}

}  // namespace

void InputLook::merge(const InputLook& other) {
  if (other.sample_count == 0) return;
  minimum = sample_count == 0 ? other.minimum : std::min(minimum, other.minimum);
  maximum = sample_count == 0 ? other.maximum : std::max(maximum, other.maximum);
  is_picture = (sample_count == 0 || is_picture) && other.is_picture;
  sample_count += other.sample_count;
  constant_count += other.constant_count;
  zero_count += other.zero_count;
  pixel_count += other.pixel_count;
  squares += other.squares;
  count += other.count;
}

engine::SampleFeed DataWatch::watch(engine::SampleFeed feed) {
  return [this, feed = std::move(feed),
          next = uint64_t{0}]() mutable -> std::optional<engine::PendingSample> {
    auto pending = feed();
    if (!pending) return std::nullopt;
    auto read = [this, inner = std::move(pending->read), index = next++,
                 name = pending->name](const data::HeaderCheck& check) {
      tensor::NamedTensors sample = inner(check);
      note(index, name, sample);
      return sample;
    };
    return engine::PendingSample{pending->name, std::move(read)};
  };
}

void DataWatch::note(uint64_t index, const std::string& name, const tensor::NamedTensors& sample) {
  std::map<std::string, InputLook> looks;
  for (const auto& [input, value] : sample) {
    if (value.type() == tensor::ElementType::kFloat32 && value.element_count() > 0) {
      looks.emplace(input, look_at(value));
    }
  }
  DataLook::Sample told{.name = name, .hash = hash_of(sample)};
  const std::lock_guard lock(mutex_);
  inputs_[index] = std::move(looks);
  samples_[index] = std::move(told);
}

DataLook DataWatch::look() const {
  const std::lock_guard lock(mutex_);
  DataLook look{.samples = samples_};
  for (const auto& [index, inputs] : inputs_) {
    for (const auto& [name, input] : inputs) look.inputs[name].merge(input);
  }
  return look;
}

}  // namespace rangefinder::workflow
