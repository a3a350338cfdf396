#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analog/activations/activation_matrix.h"
#include "statistics/value_histogram.h"

namespace rangefinder::analog {

/// How often each magnitude occurs in one slice of one call, in the buckets of
/// statistics::ValueHistogram. Scratch memory: reused from call to call.
///
/// Cost: one increment per element that is not zero, whatever its number of occurrences: elements
/// that occur equally often are brought together and counted as statistics::Counter does. Four
/// tables take turns, so that a run of equal values does not wait for its own increments.
class MagnitudeCounts {
 public:
  MagnitudeCounts();

  /// Replaces what was counted before.
  void count(const ActivationMatrix& activations, size_t slice);

  /// All entries, zeros included.
  uint64_t entry_count() const { return entry_count_; }
  /// Zeros: counted, padded, less the dropped ones. Values below 2^-133 are among them.
  uint64_t zero_count() const { return zero_count_; }
  /// Bits of the largest magnitude; beyond 0x7f800000 for NaN.
  uint32_t largest_bits() const { return largest_bits_; }

  /// Occurrences in bucket `key` (bits >> ValueHistogram::kShift, sign cleared), key > 0.
  uint64_t occurrences(uint32_t key) const;
  /// Bucket of the entry with `above` larger entries (0: the largest one) and how many entries lie
  /// in larger buckets; nothing if it is one of the zeros.
  struct Place {
    uint32_t key;
    uint64_t above;
  };
  std::optional<Place> find(uint64_t above) const;

  /// Adds everything counted to `histogram`, as magnitudes.
  void add_to(statistics::ValueHistogram& histogram) const;

 private:
  static constexpr size_t kTableCount = 4;
  static constexpr uint32_t kKeyCount = 0x8000;
  /// Of one key: its tables lie together.
  using Cell = std::array<uint32_t, kTableCount>;
  /// Values with the same number of occurrences, which wait to be counted together.
  struct Waiting {
    std::vector<float> values;
    size_t count = 0;
  };
  /// Larger numbers of occurrences, of kernels beyond 7x7, are rare enough not to wait.
  static constexpr uint32_t kMostWaiting = 64;

  void clear();
  void add(const ElementRun& run);
  /// Elements that all occur `weight` times.
  void add(std::span<const float> values, uint32_t weight);
  /// The same, later if they are few.
  void put_aside(std::span<const float> values, uint32_t weight);
  void count_waiting(uint32_t weight);
  /// At most a block of keys.
  void count_block(std::span<const float> values, uint32_t weight);
  /// Makes room in the cells for that many more occurrences.
  void reserve(uint64_t occurrences);

  std::vector<Cell> cells_;
  /// What no longer fits the cells; empty if everything does.
  std::vector<uint64_t> overflow_;
  /// Occurrences in the cells, at most.
  uint64_t pending_ = 0;
  std::vector<uint16_t> keys_;
  /// By number of occurrences.
  std::vector<Waiting> waiting_;
  uint64_t entry_count_ = 0;
  uint64_t zero_count_ = 0;
  /// Occurrences outside the zero bucket, so that a walk down the keys knows when it is done.
  uint64_t nonzero_count_ = 0;
  uint32_t largest_bits_ = 0;
};

}  // namespace rangefinder::analog
