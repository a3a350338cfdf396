#pragma once

#include <cstdint>

/// Functions that nvcc compiles for the card; another compiler knows them as any others.
#ifdef __CUDACC__
#define RANGEFINDER_DEVICE __device__ __forceinline__
/// Before a loop whose steps must be known when compiling, so that its arrays become registers.
#define RANGEFINDER_UNROLL _Pragma("unroll")
#else
#define RANGEFINDER_DEVICE inline
#define RANGEFINDER_UNROLL
#endif

// This header and the kernels' are compiled twice: by nvcc for the card (kernels.cu) and by the
// host's compiler for an emulation of blocks and warps (tests/support/cuda_emulation.h).

namespace rangefinder::cuda {

inline constexpr uint32_t kWarp = 32;
inline constexpr uint32_t kSign = 0x80000000u;
inline constexpr uint32_t kInfinity = 0x7F800000u;
inline constexpr uint32_t kKeyShift = 16;
inline constexpr uint32_t kOctaves = 512;
inline constexpr uint32_t kBucketsPerOctave = 128;
inline constexpr uint32_t kKeys = kOctaves * kBucketsPerOctave;

RANGEFINDER_DEVICE float as_float(uint32_t bits) {
  union {
    uint32_t bits;
    float value;
  } both = {bits};
  return both.value;
}

RANGEFINDER_DEVICE uint32_t as_bits(float value) {
  union {
    float value;
    uint32_t bits;
  } both = {value};
  return both.bits;
}

/// How values are stored, and the bits of the float32 that each stands for.
struct Float32 {
  using Stored = uint32_t;
  static RANGEFINDER_DEVICE uint32_t bits(Stored stored) { return stored; }
};

struct Bfloat16 {
  using Stored = uint16_t;
  static RANGEFINDER_DEVICE uint32_t bits(Stored stored) { return uint32_t{stored} << 16; }
};

struct Float16 {
  using Stored = uint16_t;
  static RANGEFINDER_DEVICE uint32_t bits(Stored stored) {
    const uint32_t magnitude = uint32_t{stored} & 0x7FFFu;
    // 2^112 moves the exponent to where float32 has it, that of subnormals, too: exact.
    uint32_t widened = as_bits(as_float(magnitude << 13) * 0x1p112f);
    if (magnitude >= 0x7C00u) widened |= kInfinity;
    return widened | ((uint32_t{stored} & 0x8000u) << 16);
  }
};

/// Unsigned integers in the order of the finite floats they stand for, none of them 0; both zeros
/// alike.
RANGEFINDER_DEVICE uint32_t to_ordered(uint32_t bits) {
  if ((bits & ~kSign) == 0) return kSign;
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

RANGEFINDER_DEVICE uint32_t from_ordered(uint32_t ordered) {
  return (ordered & kSign) != 0 ? ordered & ~kSign : ~ordered;
}

/// What one launch finds of a tensor, or of one channel of it, beside its keys. All bytes 0: empty.
struct BatchRecord {
  /// ~to_ordered() of the smallest finite value and to_ordered() of the largest: both grow.
  uint32_t low = 0;
  uint32_t high = 0;
  uint64_t zero_count = 0;
  uint64_t nan_count = 0;
  uint64_t positive_infinity_count = 0;
  uint64_t negative_infinity_count = 0;
};

/// What one thread finds. Float bits compared as integers tell the extremes without a branch, as
/// in statistics/simd/sweep.h.
struct Sweep {
  int32_t signed_max = INT32_MIN;
  uint32_t unsigned_max = 0;
  uint32_t unsigned_min = UINT32_MAX;
  uint32_t zeros = 0;
  uint32_t nans = 0;
  uint32_t positive_infinities = 0;
  uint32_t negative_infinities = 0;

  /// Whether the value has a key to be counted: finite, and no zero.
  RANGEFINDER_DEVICE bool take(uint32_t bits) {
    if ((bits & ~kSign) < kInfinity) return take_finite(bits);
    take_nonfinite(bits);
    return false;
  }

  /// The same for a value that is known to be finite; without a branch.
  RANGEFINDER_DEVICE bool take_finite(uint32_t bits) {
    const uint32_t magnitude = bits & ~kSign;
    const auto as_signed = static_cast<int32_t>(bits);
    signed_max = as_signed > signed_max ? as_signed : signed_max;
    unsigned_max = bits > unsigned_max ? bits : unsigned_max;
    unsigned_min = bits < unsigned_min ? bits : unsigned_min;
    // As written, two instructions; a comparison takes three.
    zeros += 1 - (magnitude < 1 ? magnitude : 1);
    return magnitude != 0;
  }

  RANGEFINDER_DEVICE void take_nonfinite(uint32_t bits) {
    if ((bits & ~kSign) != kInfinity) {
      ++nans;
    } else if (bits == kInfinity) {
      ++positive_infinities;
    } else {
      ++negative_infinities;
    }
  }

  RANGEFINDER_DEVICE bool has_range() const { return unsigned_min <= unsigned_max; }
  /// As in BatchRecord; 0 if there is no finite value.
  RANGEFINDER_DEVICE uint32_t low() const {
    if (!has_range()) return 0;
    return ~to_ordered((unsigned_max & kSign) != 0 ? unsigned_max : unsigned_min);
  }
  RANGEFINDER_DEVICE uint32_t high() const {
    if (!has_range()) return 0;
    return to_ordered(signed_max >= 0 ? static_cast<uint32_t>(signed_max) : unsigned_min);
  }
};

template <class Machine>
RANGEFINDER_DEVICE uint32_t warp_max(uint32_t value) {
  for (uint32_t step = kWarp / 2; step != 0; step /= 2) {
    const uint32_t other = Machine::shuffle_xor(value, step);
    value = other > value ? other : value;
  }
  return value;
}

template <class Machine>
RANGEFINDER_DEVICE uint64_t warp_sum(uint64_t value) {
  for (uint32_t step = kWarp / 2; step != 0; step /= 2) {
    const uint32_t low = Machine::shuffle_xor(static_cast<uint32_t>(value), step);
    const uint32_t high = Machine::shuffle_xor(static_cast<uint32_t>(value >> 32), step);
    value += low | (uint64_t{high} << 32);
  }
  return value;
}

/// `into` gets what one thread found.
template <class Machine>
RANGEFINDER_DEVICE void record(const Sweep& found, BatchRecord* into) {
  if (found.has_range()) {
    Machine::raise(&into->low, found.low());
    Machine::raise(&into->high, found.high());
  }
  if (found.zeros != 0) Machine::add(&into->zero_count, found.zeros);
  if (found.nans != 0) Machine::add(&into->nan_count, found.nans);
  if (found.positive_infinities != 0) {
    Machine::add(&into->positive_infinity_count, found.positive_infinities);
  }
  if (found.negative_infinities != 0) {
    Machine::add(&into->negative_infinity_count, found.negative_infinities);
  }
}

/// The same for a whole warp, all of whose threads must call it.
template <class Machine>
RANGEFINDER_DEVICE void record_warp(const Sweep& found, BatchRecord* into) {
  const uint32_t low = warp_max<Machine>(found.low());
  const uint32_t high = warp_max<Machine>(found.high());
  const uint64_t zeros = warp_sum<Machine>(found.zeros);
  const uint32_t specials = found.nans + found.positive_infinities + found.negative_infinities;
  if (Machine::ballot(specials != 0) != 0) {
    Sweep only_specials = found;
    only_specials.unsigned_min = UINT32_MAX;
    only_specials.unsigned_max = 0;
    only_specials.zeros = 0;
    record<Machine>(only_specials, into);
  }
  if (Machine::thread() % kWarp != 0) return;
  if (high != 0) {
    Machine::raise(&into->low, low);
    Machine::raise(&into->high, high);
  }
  if (zeros != 0) Machine::add(&into->zero_count, zeros);
}

}  // namespace rangefinder::cuda
