#include "analysis/value_pairs.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace rangefinder::analysis {

void ValuePairs::add(std::span<const float> real, std::span<const float> restored) {
  if (real.size() != restored.size()) {
    throw std::invalid_argument("pairs of values need as many of one as of the other");
  }
  const size_t count = std::min(real.size(), kPerSample);
  constexpr double kGolden = 0.6180339887498949;
  for (size_t i = 0; i < count; ++i) {
    double whole = 0;
    const double fraction = std::modf(static_cast<double>(i) * kGolden, &whole);
    const auto spread = static_cast<size_t>(fraction * static_cast<double>(real.size()));
    const size_t place = real.size() <= kPerSample ? i : spread;
    take({real[place], restored[place]});
  }
}

void ValuePairs::merge(const ValuePairs& other) {
  for (const ValuePair& pair : other.pairs_) take(pair);
}

void ValuePairs::take(ValuePair pair) {
  if (!std::isfinite(pair.real) || !std::isfinite(pair.restored)) return;
  if (offered_++ % step_ != 0) return;
  pairs_.push_back(pair);
  if (pairs_.size() <= kMost) return;
  for (size_t i = 0; 2 * i < pairs_.size(); ++i) pairs_[i] = pairs_[2 * i];
  pairs_.resize((pairs_.size() + 1) / 2);
  step_ *= 2;
}

}  // namespace rangefinder::analysis
