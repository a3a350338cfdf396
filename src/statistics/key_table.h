#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "statistics/extrema.h"
#include "statistics/simd/sweep.h"
#include "statistics/value_histogram.h"

namespace rangefinder::statistics {

/// Counters of every histogram key in one flat array: where the keys of a tensor are counted before
/// they are added to its histogram.
///
/// One counter of 4 bytes a key, so that few cache lines hold all that a tensor touches
/// [counting.md].
/// Cost: 256 KiB of addresses, of which a tensor touches its own octaves, 512 bytes each; the rest
/// is memory that was never written and that the system therefore need not hold.
class KeyTable {
 public:
  /// Throws std::bad_alloc.
  KeyTable();

  /// The most keys that may be added between two flushes.
  static constexpr uint64_t kCapacity = UINT32_MAX;
  bool has_room_for(size_t count) const { return count <= kCapacity - pending_; }
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
  struct Free {
    void operator()(uint32_t* counts) const { std::free(counts); }
  };
  void fetch_octaves(int top, uint32_t sign_index);
  uint64_t move_octave(uint32_t index, ValueHistogram& into);
  void note(const simd::BlockSummary& found, size_t size);

  std::unique_ptr<uint32_t[], Free> counts_;
  /// Sum over all counters.
  uint64_t pending_ = 0;
  Extrema covered_;
  bool expects_few_zeros_ = false;
};

}  // namespace rangefinder::statistics
