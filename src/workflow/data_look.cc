#include "workflow/data_look.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "statistics/wire.h"

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

void encode(const InputLook& look, statistics::WireWriter& to) {
  for (const uint64_t count : {uint64_t{look.sample_count}, uint64_t{look.constant_count},
                               uint64_t{look.zero_count}, uint64_t{look.pixel_count}, look.count}) {
    to.varint(count);
  }
  to.f32(look.minimum);
  to.f32(look.maximum);
  to.u64(std::bit_cast<uint64_t>(look.squares));
  to.u8(look.is_picture ? 1 : 0);
}

InputLook decode_input_look(statistics::WireReader& from) {
  InputLook look;
  look.sample_count = from.varint();
  look.constant_count = from.varint();
  look.zero_count = from.varint();
  look.pixel_count = from.varint();
  look.count = from.varint();
  look.minimum = from.f32();
  look.maximum = from.f32();
  look.squares = std::bit_cast<double>(from.u64());
  look.is_picture = from.u8() != 0;
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
    const uint64_t place = pending->place.value_or(next++);
    auto read = [this, inner = std::move(pending->read), index = place,
                 name = pending->name](const data::HeaderCheck& check) {
      tensor::NamedTensors sample = inner(check);
      note(index, name, sample);
      return sample;
    };
    return engine::PendingSample{pending->name, std::move(read), place};
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

std::string DataWatch::bytes() const {
  const std::lock_guard lock(mutex_);
  statistics::WireWriter to;
  to.varint(samples_.size());
  for (const auto& [index, sample] : samples_) {
    to.varint(index);
    to.text(sample.name);
    to.u64(sample.hash);
    const auto& inputs = inputs_.at(index);
    to.varint(inputs.size());
    for (const auto& [name, look] : inputs) {
      to.text(name);
      encode(look, to);
    }
  }
  return to.bytes();
}

void DataWatch::add(std::string_view bytes, const std::string& from) {
  statistics::WireReader reader(bytes, from);
  const std::lock_guard lock(mutex_);
  for (size_t left = reader.count(11); left > 0; --left) {
    const uint64_t index = reader.varint();
    DataLook::Sample sample{.name = std::string(reader.text())};
    sample.hash = reader.u64();
    std::map<std::string, InputLook> inputs;
    for (size_t inputs_left = reader.count(23); inputs_left > 0; --inputs_left) {
      std::string name(reader.text());
      inputs[std::move(name)] = decode_input_look(reader);
    }
    samples_[index] = std::move(sample);
    inputs_[index] = std::move(inputs);
  }
  if (!reader.at_end()) reader.fail("bytes behind the last sample");
}

void DataWatch::clear() {
  const std::lock_guard lock(mutex_);
  inputs_.clear();
  samples_.clear();
}

}  // namespace rangefinder::workflow
