#include "analog/ranges/top_magnitudes.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <stdexcept>

#include "analog/simd/collect_above.h"

namespace rangefinder::analog {
namespace {

/// Values that are looked at with one threshold; at first, when that is 0, everything is found.
constexpr size_t kFirstBlock = 64;
/// Fewer are not worth sorting.
constexpr size_t kFewest = 32;

}  // namespace

TopMagnitudes::TopMagnitudes(uint64_t wanted) : wanted_(wanted) {
  if (wanted == 0) throw std::invalid_argument("no magnitudes are wanted");
}

void TopMagnitudes::add(const ElementRun& run) {
  const auto values = run.span();
  for (size_t begin = 0; begin < values.size();) {
    const size_t length = threshold_ == 0 ? kFirstBlock : kBlock;
    const auto block = values.subspan(begin, std::min(length, values.size() - begin));
    const size_t found = simd::collect_above(block, threshold_, found_.data());
    for (size_t i = 0; i < found; ++i) {
      const uint32_t weight = run.weight(begin + found_[i]);
      if (weight == 0) continue;
      const uint32_t bits = std::bit_cast<uint32_t>(block[found_[i]]) & 0x7fffffffu;
      kept_.push_back(packed(bits, weight));
      kept_count_ += weight;
      is_sorted_ = false;
    }
    if (kept_.size() >= kFewest && kept_count_ / 4 >= wanted_) shrink();
    begin += block.size();
  }
}

void TopMagnitudes::sort() {
  if (!is_sorted_) std::sort(kept_.begin(), kept_.end(), std::greater<>());
  is_sorted_ = true;
}

void TopMagnitudes::shrink() {
  // Each occurs once at least, so that no more of them than entries are of use.
  if (kept_.size() > wanted_) {
    const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(wanted_);
    std::nth_element(kept_.begin(), last, kept_.end(), std::greater<>());
    kept_.erase(last, kept_.end());
    is_sorted_ = false;
  }
  sort();
  size_t size = 0;
  for (kept_count_ = 0; kept_count_ < wanted_; ++size) kept_count_ += count_of(kept_[size]);
  kept_.resize(size);
  threshold_ = bits_of(kept_.back());
}

uint32_t TopMagnitudes::largest_bits() const {
  if (kept_.empty()) return 0;
  return bits_of(*std::max_element(kept_.begin(), kept_.end()));
}

float TopMagnitudes::value(uint64_t above) {
  sort();
  for (const uint64_t kept : kept_) {
    if (above < count_of(kept)) return std::bit_cast<float>(bits_of(kept));
    above -= count_of(kept);
  }
  return 0.0f;
}

}  // namespace rangefinder::analog
