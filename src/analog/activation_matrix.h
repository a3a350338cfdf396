#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analog/coverage.h"
#include "analog/patch_geometry.h"
#include "analog/tiles.h"

namespace rangefinder::analog {

/// What is known of a layer's activation matrix before its values: made once per input shape.
struct PatchPlan {
  PatchPlan(PatchGeometry shape, std::vector<ColumnRange> columns);

  PatchGeometry geometry;
  std::vector<ColumnRange> slices;
  /// Elements and their occurrences in each slice, of one sample.
  std::vector<std::vector<CoverageBlock>> coverage;
  /// Sum of those occurrences: entries of a slice that are not padding, of one sample.
  std::vector<uint64_t> covered;
};

/// The activation matrix of one call - rows times features - seen without being built.
///
/// Entries of a slice are: every element as often as it occurs, padding zeros, and less the rows
/// that are zero over the full width, which are dropped. Both kinds of zeros are only counted.
class ActivationMatrix {
 public:
  /// `values`: samples x plan.geometry.sample_size(). Both must outlive this. Throws
  /// std::invalid_argument if the values do not divide into samples.
  ActivationMatrix(const PatchPlan& plan, std::span<const float> values);

  const PatchPlan& plan() const { return *plan_; }
  size_t slice_count() const { return plan_->slices.size(); }
  size_t sample_count() const { return sample_count_; }
  uint64_t row_count() const {
    return sample_count_ * static_cast<uint64_t>(plan_->geometry.windows());
  }
  /// Rows that are not all zero. The first call counts them.
  uint64_t kept_row_count() const;
  /// Entries of a slice in the kept rows.
  uint64_t entry_count(size_t slice) const;
  /// entry_count() less the occurrences that for_each_run() visits: padding zeros less the zeros of
  /// dropped rows. Negative if more zeros are dropped than padded.
  int64_t unseen_zero_count(size_t slice) const;

  /// Writes one row. Returns false if it is all zero, that is, not kept.
  bool copy_row(uint64_t row, std::span<float> target) const;

  /// Calls visit(values, occurrences, uniform, length) for runs of elements of a slice.
  /// `occurrences` is null where all are `uniform`; elements with 0 occurrences are not entries.
  template <typename Visitor>
  void for_each_run(size_t slice, Visitor&& visit) const {
    const auto size = static_cast<size_t>(plan_->geometry.sample_size());
    for (size_t sample = 0; sample < sample_count_; ++sample) {
      for (const CoverageBlock& block : plan_->coverage[slice]) {
        const float* values = values_.data() + sample * size + block.offset;
        const uint32_t* weights = block.weights.empty() ? nullptr : block.weights.data();
        for (int64_t channel = 0; channel < block.channels; ++channel) {
          visit(values, weights, block.uniform, static_cast<size_t>(block.length));
          values += block.channel_stride;
        }
      }
    }
  }

 private:
  const PatchPlan* plan_;
  std::span<const float> values_;
  size_t sample_count_;
  mutable int64_t kept_rows_ = -1;
};

}  // namespace rangefinder::analog
