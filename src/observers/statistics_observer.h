#pragma once

#include <functional>
#include <optional>

#include "observers/observer.h"

namespace rangefinder::observers {

/// A search over the statistics of one channel, called for many channels at the same time. Empty if
/// nothing finite was seen.
using ChannelSearch = std::function<std::optional<quantization::AffineParameters>(
    const statistics::TensorStatistics&)>;

/// The observer of every method that is a pure function of the counts: it keeps nothing, obeys all
/// laws, and solves its channels on all cores.
class StatisticsObserver : public Observer {
 public:
  explicit StatisticsObserver(ChannelSearch search) : search_(std::move(search)) {}

  bool solves_concurrently() const override { return true; }
  /// Throws Error naming the first channel in which the search finds nothing to work on.
  Solution solve(const Observations& observations) override;

 private:
  ChannelSearch search_;
};

}  // namespace rangefinder::observers
