#include "analog/ranges/max_range.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "analog/ranges/call_figures.h"

namespace rangefinder::analog {
namespace {

constexpr uint32_t kInfinityBits = 0x7f800000u;

}  // namespace

void MaxRange::observe(const CallId&, const ActivationMatrix& activations) {
  std::vector<uint32_t> bits(largest_bits_.size());
  for (size_t slice = 0; slice < bits.size(); ++slice) {
    bits[slice] = largest_magnitude_bits(activations, slice);
    if (compatibility_ == Compatibility::kNone) require_finite(bits[slice]);
    if (bits[slice] > kInfinityBits) bits[slice] = 0;
  }
  const std::lock_guard lock(mutex_);
  for (size_t slice = 0; slice < bits.size(); ++slice) {
    largest_bits_[slice] = std::max(largest_bits_[slice], bits[slice]);
  }
}

void MaxRange::add_counted(std::span<const MagnitudeHistogram> slices) {
  if (slices.size() != largest_bits_.size())
    throw std::invalid_argument("another number of slices");
  const std::lock_guard lock(mutex_);
  for (size_t slice = 0; slice < slices.size(); ++slice) {
    const auto bits = std::bit_cast<uint32_t>(slices[slice].largest);
    largest_bits_[slice] = std::max(largest_bits_[slice], bits);
  }
}

void MaxRange::encode(statistics::WireWriter& to) const {
  const std::lock_guard lock(mutex_);
  for (const uint32_t bits : largest_bits_) to.u32(bits);
}

void MaxRange::add(statistics::WireReader& from) {
  const std::lock_guard lock(mutex_);
  for (uint32_t& bits : largest_bits_) {
    const uint32_t other = from.u32();
    if (other > kInfinityBits) from.fail("a largest magnitude that is none");
    bits = std::max(bits, other);
  }
}

std::optional<std::vector<float>> MaxRange::ranges() const {
  const std::lock_guard lock(mutex_);
  std::vector<float> result;
  for (const uint32_t bits : largest_bits_) result.push_back(std::bit_cast<float>(bits));
  // Rows that are all zero do not count: a layer that has seen nothing else has seen nothing.
  const bool any = std::any_of(result.begin(), result.end(), [](float r) { return r > 0.0f; });
  return any ? std::optional(result) : std::nullopt;
}

}  // namespace rangefinder::analog
