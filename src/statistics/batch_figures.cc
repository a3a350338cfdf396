#include "statistics/batch_figures.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace rangefinder::statistics {

void BatchFigures::add(const Extrema& batch) {
  if (!batch.has_range()) return;
  ++batch_count_;
  min_sum_.add(batch.min);
  max_sum_.add(batch.max);
  magnitude_sum_.add(std::max(std::fabs(batch.min), std::fabs(batch.max)));
}

void BatchFigures::merge(const BatchFigures& other) {
  batch_count_ += other.batch_count_;
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

void count_batch(std::span<TensorStatistics> channels, std::span<BatchFigures> figures,
                 const std::function<void()>& count) {
  std::vector<Extrema> before;
  before.reserve(channels.size());
  for (TensorStatistics& channel : channels) before.push_back(std::exchange(channel.extrema, {}));
  const auto restore = [&] {
    for (size_t c = 0; c < channels.size(); ++c) channels[c].extrema.merge(before[c]);
  };
  try {
    count();
  } catch (...) {
    restore();
    throw;
  }
  for (size_t c = 0; c < channels.size(); ++c) figures[c].add(channels[c].extrema);
  restore();
}

}  // namespace rangefinder::statistics
