#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "analog/activations/coverage.h"
#include "analog/activations/patch_geometry.h"
#include "analog/activations/runs.h"
#include "analog/activations/zero_windows.h"
#include "analog/hardware/tiles.h"

namespace rangefinder::analog {

/// What is known of a layer's activation matrix before its values: made once per input shape.
struct PatchPlan {
  /// Channels lie in memory as [ceil(channels / block)][plane][block], the last block filled up
  /// with anything; 1 is row-major.
  PatchPlan(PatchGeometry shape, std::vector<ColumnRange> columns, int64_t block = 1);

  PatchGeometry geometry;
  std::vector<ColumnRange> slices;
  int64_t channel_block;
  /// Elements of one sample in memory.
  size_t sample_size;
  ZeroWindows zero_windows;
  /// Elements and their occurrences in each slice, of one sample.
  std::vector<std::vector<CoverageBlock>> coverage;
  /// Where they lie.
  std::vector<std::vector<RunPlace>> runs;
  /// Sum of those occurrences: entries of a slice that are not padding, of one sample.
  std::vector<uint64_t> covered;
};

/// The activation matrix of one call - rows times features - seen without being built.
///
/// Entries of a slice are: every element as often as it occurs, padding zeros, and less the rows
/// that are zero over the full width, which are dropped. Both kinds of zeros are only counted.
class ActivationMatrix {
 public:
  /// `values`: samples x plan.sample_size. Both must outlive this. Throws
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
  /// The same elements in the order that takes least time.
  bool copy_entries(uint64_t row, std::span<float> target) const;

  /// Calls visit(run) for all elements of a slice.
  template <typename Visitor>
  void for_each_run(size_t slice, Visitor&& visit) const {
    const std::vector<RunPlace>& places = plan_->runs[slice];
    if (places.size() == 1 && is_whole_sample(places[0], slice)) {
      ElementRun all = run_at(places[0], slice, 0);
      all.positions *= sample_count_;
      visit(all);
      return;
    }
    for (size_t sample = 0; sample < sample_count_; ++sample) {
      for (const RunPlace& place : places) {
        const ElementRun run = run_at(place, slice, sample);
        place.lanes == place.stride ? visit(run) : visit_gathered(run, place.stride, visit);
      }
    }
  }

 private:
  static constexpr size_t kGathered = 1024;

  std::span<const float> sample_of(uint64_t row) const;

  ElementRun run_at(const RunPlace& place, size_t slice, size_t sample) const {
    const CoverageBlock& block = plan_->coverage[slice][place.block];
    return {values_.data() + sample * plan_->sample_size + place.offset, place.positions,
            place.lanes, block.weights.empty() ? nullptr : block.weights.data(), block.uniform};
  }

  bool is_whole_sample(const RunPlace& place, size_t slice) const {
    return plan_->coverage[slice][place.block].weights.empty() && place.lanes == place.stride &&
           place.positions * place.stride == plan_->sample_size;
  }

  /// Visits copies of a run that has gaps, a few positions at a time.
  template <typename Visitor>
  static void visit_gathered(const ElementRun& run, size_t stride, Visitor&& visit) {
    std::array<float, kGathered> copy;
    const size_t most = std::max<size_t>(1, kGathered / run.lanes);
    for (size_t begin = 0; begin < run.positions; begin += most) {
      const size_t positions = std::min(most, run.positions - begin);
      gather(run.values + begin * stride, stride, positions, run.lanes, copy.data());
      const uint32_t* weights = run.weights == nullptr ? nullptr : run.weights + begin;
      visit(ElementRun{copy.data(), positions, run.lanes, weights, run.uniform});
    }
  }

  const PatchPlan* plan_;
  std::span<const float> values_;
  size_t sample_count_;
  mutable int64_t kept_rows_ = -1;
};

}  // namespace rangefinder::analog
