#pragma once

// Finds the largest values of each row, as statistics::RowTop keeps them. For kernels.cu and the
// emulation. One warp takes one row: each thread keeps the largest of its own values, and then the
// warp draws the largest of all threads' heads, one after the other.

#include "cuda/lines.h"
#include "cuda/values.h"

namespace rangefinder::cuda {

inline constexpr uint32_t kRowWidth = 6;

struct RowArguments {
  /// [outer][length][inner]; a row has `length` values, `inner` apart.
  const void* values;
  uint64_t row_count;
  uint64_t length;
  uint64_t inner;
  /// kRowWidth for each row: to_ordered() + 1, descending, 0 where the row ended. All 0: a value
  /// is not finite.
  uint32_t* tuples;
};

template <class Machine, class Format>
class RowKernel {
 public:
  static RANGEFINDER_DEVICE void run(const RowArguments& arguments) {
    const uint64_t warps = warp_total<Machine>();
    for (uint64_t row = warp_number<Machine>(); row < arguments.row_count; row += warps) {
      RowKernel kernel;
      kernel.scan(arguments, row);
      kernel.draw(arguments.tuples + row * kRowWidth);
    }
  }

 private:
  RANGEFINDER_DEVICE void scan(const RowArguments& arguments, uint64_t row) {
    const auto* values = static_cast<const typename Format::Stored*>(arguments.values) +
                         row / arguments.inner * arguments.length * arguments.inner +
                         row % arguments.inner;
    for (uint64_t i = Machine::thread() % kWarp; i < arguments.length; i += kWarp) {
      const uint32_t bits = Format::bits(values[i * arguments.inner]);
      if ((bits & ~kSign) >= kInfinity) {
        is_finite_ = false;
      } else {
        insert(to_ordered(bits) + 1);
      }
    }
  }

  /// The smallest falls out.
  RANGEFINDER_DEVICE void insert(uint32_t entry) {
    for (uint32_t i = 0; i < kRowWidth; ++i) {
      const uint32_t kept = largest_[i];
      const bool is_larger = entry > kept;
      largest_[i] = is_larger ? entry : kept;
      entry = is_larger ? kept : entry;
    }
  }

  RANGEFINDER_DEVICE void draw(uint32_t* tuple) {
    const bool is_row_finite = Machine::ballot(!is_finite_) == 0;
    const uint32_t lane = Machine::thread() % kWarp;
    for (uint32_t i = 0; i < kRowWidth; ++i) {
      const uint32_t drawn = warp_max<Machine>(largest_[0]);
      const uint32_t holders = Machine::ballot(largest_[0] == drawn);
      if ((holders & ((1u << lane) - 1)) == 0 && largest_[0] == drawn) pop();
      if (lane == 0) tuple[i] = is_row_finite ? drawn : 0;
    }
  }

  RANGEFINDER_DEVICE void pop() {
    for (uint32_t i = 0; i + 1 < kRowWidth; ++i) largest_[i] = largest_[i + 1];
    largest_[kRowWidth - 1] = 0;
  }

  uint32_t largest_[kRowWidth] = {0, 0, 0, 0, 0, 0};
  bool is_finite_ = true;
};

}  // namespace rangefinder::cuda
