#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rangefinder/summary.h"

namespace rangefinder::analysis {

/// Some of the pairs of values that were compared, spread over samples and places in them: what a
/// scatter plot needs. In constant memory, and the same for any number of jobs as long as samples
/// merge in their order.
///
/// Of a sample kPerSample pairs at most are taken, at places that follow the golden ratio; of all
/// those every second is dropped whenever they are more than kMost. kPerSample is no multiple of 2:
/// other places are kept of each sample.
class ValuePairs {
 public:
  static constexpr size_t kPerSample = 509;
  static constexpr size_t kMost = 512;

  /// One sample. Pairs that are not finite are left out. Throws std::invalid_argument if the two
  /// differ in number.
  void add(std::span<const float> real, std::span<const float> restored);
  void merge(const ValuePairs& other);

  const std::vector<ValuePair>& pairs() const { return pairs_; }

 private:
  void take(ValuePair pair);

  std::vector<ValuePair> pairs_;
  uint64_t offered_ = 0;
  uint64_t step_ = 1;
};

}  // namespace rangefinder::analysis
