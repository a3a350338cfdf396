#include "statistics/channel_sums.h"

#include <stdexcept>
#include <utility>

#include "statistics/counts.h"

namespace rangefinder::statistics {
namespace {

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves every bit of
/// the result.
uint64_t mixed(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

/// A sum of products, each with an odd factor of its own, so that none waits for the one before.
size_t part_of(const EntrySums& entry) {
  constexpr uint64_t kStep = 0x9e3779b97f4a7c16u;
  uint64_t factor = 0x9e3779b97f4a7c15u;
  uint64_t total = entry.value_count ^ (static_cast<uint64_t>(entry.exponent) << 32);
  for (const int64_t sum : entry.sums) {
    total += static_cast<uint64_t>(sum) * factor;
    factor += kStep;
  }
  return mixed(total) % ChannelSums::kPartCount;
}

void require_channels(size_t wanted, size_t found) {
  if (wanted != found) throw std::invalid_argument("another number of channels than before");
}

}  // namespace

void ChannelSums::add(const EntrySums& entry) {
  if (entry.value_count == 0 || entry.sums.empty()) return;
  if (channel_count() != 0) require_channels(channel_count(), entry.sums.size());
  Part& part = parts_[part_of(entry)];
  part.sums.resize(entry.sums.size());
  part.value_count += entry.value_count;
  ExactSum::add_each(entry.sums, entry.exponent, part.sums);
}

void ChannelSums::merge(const ChannelSums& other) {
  if (other.channel_count() == 0) return;
  if (channel_count() != 0) require_channels(channel_count(), other.channel_count());
  add_counts(value_count(), other.value_count());
  for (size_t i = 0; i < kPartCount; ++i) {
    const Part& from = other.parts_[i];
    if (from.sums.empty()) continue;
    parts_[i].sums.resize(from.sums.size());
    parts_[i].value_count += from.value_count;
    for (size_t c = 0; c < from.sums.size(); ++c) parts_[i].sums[c].merge(from.sums[c]);
  }
}

size_t ChannelSums::channel_count() const {
  for (const Part& part : parts_) {
    if (!part.sums.empty()) return part.sums.size();
  }
  return 0;
}

uint64_t ChannelSums::value_count() const {
  uint64_t total = 0;
  for (const Part& part : parts_) total += part.value_count;
  return total;
}

ChannelSums ChannelSums::restore(std::array<Part, kPartCount> parts) {
  ChannelSums sums;
  sums.parts_ = std::move(parts);
  for (const Part& part : sums.parts_) {
    if ((part.value_count == 0) != part.sums.empty()) {
      throw std::invalid_argument("sums without values, or values without sums");
    }
    if (!part.sums.empty()) require_channels(sums.channel_count(), part.sums.size());
  }
  return sums;
}

}  // namespace rangefinder::statistics
