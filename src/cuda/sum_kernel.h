#pragma once

// Adds the values of each channel up, for each entry of a batch. For kernels.cu and the emulation.
//
// As on the host (statistics/channel_summer.h): values become integers of 23 bits beside the
// largest of the batch, and a sum of integers does not depend on the order.

#include "cuda/lines.h"
#include "cuda/values.h"

namespace rangefinder::cuda {

inline constexpr int kSumBits = 23;
inline constexpr int kLargestSumShift = 123;

struct SumArguments {
  const void* values;
  LineShape shape;
  /// What was found in this batch.
  const BatchRecord* records;
  uint64_t record_count;
  /// [entries][channels], all 0; they stay so if a value is not finite.
  uint64_t* sums;
};

struct SumShared {
  uint32_t largest;
  uint32_t is_bad;
};

/// Values times 2^shift have at most kSumBits bits; `largest` are the bits of the largest |x|.
RANGEFINDER_DEVICE int sum_shift(uint32_t largest) {
  if (largest == 0) return 0;
  const int exponent = static_cast<int>(largest >> 23) - 126;
  const int shift = kSumBits - exponent;
  return shift < kLargestSumShift ? shift : kLargestSumShift;
}

template <class Machine, class Format>
class SumKernel {
 public:
  static RANGEFINDER_DEVICE void run(const SumArguments& arguments, SumShared& shared) {
    find_largest(arguments, shared);
    if (shared.is_bad != 0 || shared.largest == 0) return;
    const auto exponent = static_cast<uint32_t>(sum_shift(shared.largest) + 127);
    const float factor = as_float(exponent << 23);
    const uint64_t units = unit_count(arguments.shape);
    for (uint64_t unit = warp_number<Machine>(); unit < units; unit += warp_total<Machine>()) {
      sum(arguments, line_of(arguments.shape, unit, Machine::thread() % kWarp), factor);
    }
  }

 private:
  static RANGEFINDER_DEVICE void find_largest(const SumArguments& arguments, SumShared& shared) {
    if (Machine::thread() == 0) shared = {0, 0};
    Machine::barrier();
    for (uint64_t i = Machine::thread(); i < arguments.record_count; i += Machine::threads()) {
      const BatchRecord& found = arguments.records[i];
      const uint64_t specials =
          found.nan_count + found.positive_infinity_count + found.negative_infinity_count;
      if (specials != 0) Machine::raise(&shared.is_bad, 1);
      if (found.high == 0) continue;
      Machine::raise(&shared.largest, from_ordered(found.high) & ~kSign);
      Machine::raise(&shared.largest, from_ordered(~found.low) & ~kSign);
    }
    Machine::barrier();
  }

  static RANGEFINDER_DEVICE void sum(const SumArguments& arguments, const Line& line,
                                     float factor) {
    const auto* values = static_cast<const typename Format::Stored*>(arguments.values);
    int64_t total = 0;
    for (uint32_t i = 0; i < line.count; ++i) {
      const float value = as_float(Format::bits(values[line.first + i * line.stride]));
      total += Machine::rounded(value * factor);
    }
    // Negative sums wrap around, and back.
    auto bits = static_cast<uint64_t>(total);
    if (has_stretches(arguments.shape)) {
      bits = warp_sum<Machine>(bits);
      if (Machine::thread() % kWarp != 0) return;
    }
    if (bits != 0) {
      Machine::add(&arguments.sums[line.entry * arguments.shape.channels + line.channel], bits);
    }
  }
};

}  // namespace rangefinder::cuda
