#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "statistics/exact_sum.h"
#include "statistics/extrema.h"
#include "statistics/tensor_statistics.h"

namespace rangefinder::statistics {

/// Sums over batches of each batch's smallest, largest and largest absolute value, for methods
/// that average over batches instead of taking the extremes of the whole data set, as ONNX
/// Runtime's averaged minimum and maximum do.
///
/// The sums are exact: split, merge and order of the batches make no difference, bit for bit. What
/// a batch is does: the same values in other batches are other figures.
/// See BatchScope for a batch that is counted into statistics which are there already.
class BatchFigures {
 public:
  /// One batch. A batch without a finite value counts as none.
  void add(const Extrema& batch);
  void merge(const BatchFigures& other);

  uint64_t batch_count() const { return batch_count_; }
  /// Means over the batches; empty before the first.
  std::optional<double> mean_min() const { return mean(min_sum_); }
  std::optional<double> mean_max() const { return mean(max_sum_); }
  /// Of max(|min|, |max|).
  std::optional<double> mean_magnitude() const { return mean(magnitude_sum_); }

  const ExactSum& min_sum() const { return min_sum_; }
  const ExactSum& max_sum() const { return max_sum_; }
  const ExactSum& magnitude_sum() const { return magnitude_sum_; }
  static BatchFigures restore(uint64_t batch_count, const ExactSum& min_sum,
                              const ExactSum& max_sum, const ExactSum& magnitude_sum);

  bool operator==(const BatchFigures&) const = default;

 private:
  std::optional<double> mean(const ExactSum& sum) const;

  uint64_t batch_count_ = 0;
  ExactSum min_sum_;
  ExactSum max_sum_;
  ExactSum magnitude_sum_;
};

/// While one batch is counted into statistics that are there already: the extremes from before are
/// set aside, so that the batch has its own.
class BatchScope {
 public:
  /// One entry of `figures` for each of `channels`, or none if nobody asks for them; both must
  /// outlive this.
  BatchScope(std::span<TensorStatistics> channels, std::span<BatchFigures> figures);
  /// Merges the extremes from before with the batch's.
  ~BatchScope();
  BatchScope(const BatchScope&) = delete;
  BatchScope& operator=(const BatchScope&) = delete;

  /// Adds the batch's extremes to the figures: after all was counted.
  void finish();

 private:
  std::span<TensorStatistics> channels_;
  std::span<BatchFigures> figures_;
  /// Of the first channel and of the others; most often there are none.
  Extrema first_before_;
  std::vector<Extrema> others_before_;
};

}  // namespace rangefinder::statistics
