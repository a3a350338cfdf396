#include "statistics/batch_figures.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "statistics/counts.h"

namespace rangefinder::statistics {

void BatchFigures::add(const Extrema& batch) {
  if (!batch.has_range()) return;
  ++batch_count_;
  min_sum_.add(batch.min);
  max_sum_.add(batch.max);
  magnitude_sum_.add(std::max(std::fabs(batch.min), std::fabs(batch.max)));
}

void BatchFigures::merge(const BatchFigures& other) {
  batch_count_ = add_counts(batch_count_, other.batch_count_);
  min_sum_.merge(other.min_sum_);
  max_sum_.merge(other.max_sum_);
  magnitude_sum_.merge(other.magnitude_sum_);
}

BatchFigures BatchFigures::restore(uint64_t batch_count, const ExactSum& min_sum,
                                   const ExactSum& max_sum, const ExactSum& magnitude_sum) {
  BatchFigures figures;
  figures.batch_count_ = batch_count;
  figures.min_sum_ = min_sum;
  figures.max_sum_ = max_sum;
  figures.magnitude_sum_ = magnitude_sum;
  return figures;
}

std::optional<double> BatchFigures::mean(const ExactSum& sum) const {
  if (batch_count_ == 0) return {};
  return sum.value() / static_cast<double>(batch_count_);
}

BatchScope::BatchScope(std::span<TensorStatistics> channels, std::span<BatchFigures> figures)
    : channels_(channels), figures_(figures) {
  if (channels.empty()) return;
  others_before_.reserve(channels.size() - 1);
  first_before_ = std::exchange(channels.front().extrema, {});
  for (TensorStatistics& channel : channels.subspan(1)) {
    others_before_.push_back(std::exchange(channel.extrema, {}));
  }
}

BatchScope::~BatchScope() {
  for (size_t c = 0; c < channels_.size(); ++c) {
    channels_[c].extrema.merge(c == 0 ? first_before_ : others_before_[c - 1]);
  }
}

void BatchScope::finish() {
  for (size_t c = 0; c < figures_.size(); ++c) figures_[c].add(channels_[c].extrema);
}

}  // namespace rangefinder::statistics
