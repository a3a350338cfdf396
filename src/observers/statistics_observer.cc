#include "observers/statistics_observer.h"

#include <string>

#include "base/error.h"
#include "base/parallel.h"

namespace rangefinder::observers {
namespace {

Error nothing_seen(const Observations& observations, size_t channel) {
  const statistics::TensorStatistics& seen = observations.channels[channel];
  const std::string who = observations.channels.size() == 1
                              ? "The tensor"
                              : "Channel " + std::to_string(channel) + " of " +
                                    std::to_string(observations.channels.size());
  if (seen.count() == 0) return Error(who + " saw no data.");
  return Error(who + " saw " + std::to_string(seen.extrema.nan_count) + " NaN and " +
               std::to_string(seen.extrema.infinity_count()) + " infinities, nothing finite.");
}

}  // namespace

Solution StatisticsObserver::solve(const Observations& observations) {
  if (observations.channels.empty()) throw Error("The tensor saw no data.");
  Solution solution;
  solution.parameters.resize(observations.channels.size());
  parallel_for(observations.channels.size(), [&](size_t c) {
    const auto parameters = search_(observations.channels[c]);
    if (!parameters) throw nothing_seen(observations, c);
    solution.parameters[c] = *parameters;
  });
  return solution;
}

}  // namespace rangefinder::observers
