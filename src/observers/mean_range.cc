#include "observers/mean_range.h"

#include <stdexcept>
#include <string>

#include "base/error.h"
#include "observers/gather.h"
#include "search/percentile.h"

namespace rangefinder::observers {
namespace {

Error nothing_finite(size_t channel) {
  return Error("Channel " + std::to_string(channel) + " saw no batch with a finite value.");
}

}  // namespace

Solution MeanMinMax::solve(const Observations& observations) {
  if (observations.batches.empty()) throw Error("The tensor saw no data.");
  Solution solution;
  for (size_t c = 0; c < observations.batches.size(); ++c) {
    const statistics::BatchFigures& figures = observations.batches[c];
    if (figures.batch_count() == 0) throw nothing_finite(c);
    const double magnitude = *figures.mean_magnitude();
    const quantization::Range range =
        grid_.symmetric ? quantization::Range{-magnitude, magnitude}
                        : quantization::Range{*figures.mean_min(), *figures.mean_max()};
    solution.parameters.push_back(quantization::affine_from_range(range, grid_));
  }
  return solution;
}

void MeanPercentile::observe(const tensor::TensorView& batch) {
  Gatherer gatherer(config_, {});
  gatherer.add(batch);
  const auto channels = gatherer.channels();
  if (!channels_.empty() && channels_.size() != channels.size()) {
    throw Error("A batch of shape " + tensor::to_string(batch.shape) + " has " +
                std::to_string(channels.size()) + " channels, the batches before it had " +
                std::to_string(channels_.size()) + ".");
  }
  channels_.resize(channels.size());
  for (size_t c = 0; c < channels.size(); ++c) {
    const auto range = search::percentile_range(channels[c], percentile_, config_.is_symmetric());
    if (!range) continue;
    channels_[c].min.add(static_cast<float>(range->min));
    channels_[c].max.add(static_cast<float>(range->max));
    ++channels_[c].batch_count;
  }
}

void MeanPercentile::merge(const Observer& other) {
  const auto* same = dynamic_cast<const MeanPercentile*>(&other);
  if (same == nullptr) throw std::invalid_argument("Observers of two methods cannot be merged.");
  if (channels_.empty()) channels_.resize(same->channels_.size());
  for (size_t c = 0; c < same->channels_.size(); ++c) {
    channels_.at(c).min.merge(same->channels_[c].min);
    channels_[c].max.merge(same->channels_[c].max);
    channels_[c].batch_count += same->channels_[c].batch_count;
  }
}

Solution MeanPercentile::solve(const Observations& /*observations*/) {
  if (channels_.empty()) throw Error("The tensor saw no data.");
  Solution solution;
  for (size_t c = 0; c < channels_.size(); ++c) {
    const Sums& sums = channels_[c];
    if (sums.batch_count == 0) throw nothing_finite(c);
    const auto count = static_cast<double>(sums.batch_count);
    const quantization::Range range = {sums.min.value() / count, sums.max.value() / count};
    solution.parameters.push_back(quantization::affine_from_range(range, grid_of(config_)));
  }
  return solution;
}

}  // namespace rangefinder::observers
