#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "base/zero_pages.h"
#include "statistics/extrema.h"
#include "statistics/simd/sweep.h"
#include "statistics/value_histogram.h"

namespace rangefinder::statistics {

/// Counters of every histogram key in one flat array: where the keys of a tensor are counted before
/// they are added to its histogram.
///
/// One counter of 2 bytes a key, so that few cache lines hold all that a tensor touches
/// [counting.md].
/// Cost: 128 KiB of addresses, of which a tensor touches its own octaves, 256 bytes each; the rest
/// is memory that was never written and that the system therefore does not hold.
class KeyTable {
 public:
  /// Throws std::bad_alloc.
  KeyTable();

  /// Whether `count` more keys can be counted, at most simd::kBlockValues. If not, flush() first.
  /// From time to time this looks for the largest counter, to know how many fit.
  bool make_room_for(size_t count);
  /// Fetches the counters that a run of so many values like those before is likely to need into the
  /// cache, if there are enough values to pay for it: one line after the other, instead of waiting
  /// for each where its first increment happens to come.
  void fetch(size_t run_length);

  // Both count a block of at most simd::kBlockValues values, for which there must be room.

  /// The keys of its values that are not zero, with what the sweep that made them found. All are
  /// finite, `size` of them.
  void add(std::span<const uint16_t> keys, const simd::BlockSummary& found, size_t size);
  /// Straight from the values. Without effect if not all are finite.
  simd::BlockSummary count(std::span<const float> values);
  /// Whether count() is likely to take less time than making keys and add(): by the last block.
  bool expects_few_zeros() const { return expects_few_zeros_; }

  /// Moves all counts into the histogram. The scan goes from the largest magnitude down and stops
  /// where everything added was found.
  void flush(ValueHistogram& into);

 private:
  using Count = simd::KeyCount;
  std::span<Count, ValueHistogram::kBucketsPerOctave> octave_counts(uint32_t index) const;
  void fetch_octaves(int top, uint32_t sign_index);
  /// Calls visit(index) for octaves that may hold counts, from the largest magnitude down, until
  /// all were visited or it returned false for the last of one magnitude.
  template <typename Visit>
  void visit_octaves(Visit visit) const;
  Count largest_count() const;
  uint64_t move_octave(uint32_t index, ValueHistogram& into);
  void note(const simd::BlockSummary& found, size_t size);

  Count* counts() const { return reinterpret_cast<Count*>(pages_.bytes().data()); }

  ZeroPages pages_;
  /// So many more keys fit, even if they all are the one that was counted most often.
  uint64_t room_ = std::numeric_limits<Count>::max();
  /// Sum over all counters.
  uint64_t pending_ = 0;
  Extrema covered_;
  bool expects_few_zeros_ = false;
};

}  // namespace rangefinder::statistics
