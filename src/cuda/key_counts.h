#pragma once

#include <cstdint>
#include <memory>

#include "cuda/device.h"
#include "statistics/value_histogram.h"

namespace rangefinder::cuda {

/// Whether counters of 32 bits that hold `pending` values have room for so many more, whatever they
/// are.
bool have_room(uint64_t pending, uint64_t values);

/// Moves the counts of one octave, as the device has them, into a histogram.
void add_octave(const uint32_t* counts, uint32_t octave, statistics::ValueHistogram& into);

/// Counters of every key of one tensor on the device (count_kernel.h), from run to run: 32 bits
/// each, so that few lines of the device's cache hold what a tensor touches.
/// Cost: 256 KiB.
class KeyCounts {
 public:
  explicit KeyCounts(std::shared_ptr<const Device> device);

  uint32_t* counters() const { return memory_.as<uint32_t>(); }
  /// Whether so many more values can be counted, whatever they are.
  bool has_room_for(uint64_t values) const { return have_room(pending_, values); }
  /// So many more values are counted.
  void note(uint64_t values) { pending_ += values; }
  /// Moves all counts into the histogram. To be called when the kernels that count are done.
  void flush(statistics::ValueHistogram& into);

 private:
  std::shared_ptr<const Device> device_;
  Memory memory_;
  uint64_t pending_ = 0;
};

}  // namespace rangefinder::cuda
