#include "statistics/simd/sweep.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "statistics/simd/count_group.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "statistics/simd/sweep.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::statistics::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Unsigned = hn::ScalableTag<uint32_t>;
using Signed = hn::ScalableTag<int32_t>;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
#define RANGEFINDER_COMPRESS_BY_TABLE 1
#else
#define RANGEFINDER_COMPRESS_BY_TABLE 0
#endif

#if RANGEFINDER_COMPRESS_BY_TABLE
/// For each set of dropped lanes of eight: the bytes of the others, in order.
struct ByteOrders {
  alignas(64) uint8_t order[256][16] = {};

  constexpr ByteOrders() {
    for (size_t dropped = 0; dropped < 256; ++dropped) {
      size_t next = 0;
      for (size_t byte = 0; byte < 16; ++byte) {
        if ((dropped >> byte / 2 & 1) == 0) order[dropped][next++] = static_cast<uint8_t>(byte);
      }
    }
  }
};
constexpr ByteOrders kByteOrders;

/// Appends those of eight keys that are not in the set `dropped`.
///
/// Highway 1.0.3 keeps its table for these sets in a local array that GCC 12 copies to the stack
/// on every call: 11 times slower than this.
template <class V>
HWY_INLINE uint16_t* append_eight(V keys, size_t dropped, uint16_t* next) {
  const hn::Full128<uint16_t> d;
  const hn::Full128<uint8_t> d_byte;
  // In sparse data most leave nothing; and a store to one place again and again, as these would
  // be, was seen to take four times as long (Zen 3).
  if (dropped == 255) return next;
  const auto order = hn::Load(d_byte, kByteOrders.order[dropped]);
  hn::StoreU(hn::BitCast(d, hn::TableLookupBytes(hn::BitCast(d_byte, keys), order)), d, next);
  return next + 8 - static_cast<size_t>(std::popcount(dropped));
}

template <class M>
HWY_INLINE size_t set_of(M mask) {
  uint8_t bits[8] = {};
  hn::StoreMaskBits(Unsigned(), mask, bits);
  return bits[0];
}
#endif

#if RANGEFINDER_COMPRESS_BY_TABLE || HWY_TARGET == HWY_AVX3_DL
/// The keys of `first`, then those of `second`.
template <class V>
HWY_INLINE auto keys_of(V first, V second) {
  const hn::Repartition<uint16_t, Unsigned> d;
  return hn::ConcatOdd(d, hn::BitCast(d, second), hn::BitCast(d, first));
}
#else
template <class V, class M>
HWY_INLINE uint16_t* append_kept(V bits, M zero, uint16_t* next) {
  const Unsigned d;
  const hn::Rebind<uint16_t, Unsigned> d_key;
  const auto kept = hn::Not(zero);
  const auto key = hn::ShiftRight<ValueHistogram::kShift>(bits);
  // Not CompressStore: a masked store to memory is very slow on some AVX-512 machines.
  hn::StoreU(hn::TruncateTo(d_key, hn::Compress(key, kept)), d_key, next);
  return next + hn::CountTrue(d, kept);
}
#endif

/// Appends the keys of those lanes of `first` and then of `second` that are not zero.
template <class V>
HWY_INLINE uint16_t* append_keys(V first, V second, uint16_t* next) {
#if HWY_TARGET == HWY_AVX3_DL
  // Vectors of 16 bits can be compressed: two of 32 with one instruction and one store.
  const hn::Repartition<uint16_t, Unsigned> d;
  const auto magnitude = hn::Set(Unsigned(), 0x7FFFFFFFu);
  const auto first_kept = _mm512_test_epi32_mask(first.raw, magnitude.raw);
  const auto second_kept = _mm512_test_epi32_mask(second.raw, magnitude.raw);
  const hn::Mask<decltype(d)> kept{_mm512_kunpackw(second_kept, first_kept)};
  hn::StoreU(hn::Compress(keys_of(first, second), kept), d, next);
  return next + hn::CountTrue(d, kept);
#else
  const auto zeros = hn::Zero(Unsigned());
  const auto first_zero = hn::Eq(hn::Add(first, first), zeros);
  const auto second_zero = hn::Eq(hn::Add(second, second), zeros);
#if HWY_TARGET == HWY_AVX2
  const hn::Full128<uint16_t> d;
  const auto keys = keys_of(first, second);
  next = append_eight(hn::LowerHalf(d, keys), set_of(first_zero), next);
  return append_eight(hn::UpperHalf(d, keys), set_of(second_zero), next);
#elif RANGEFINDER_COMPRESS_BY_TABLE
  return append_eight(keys_of(first, second), set_of(first_zero) | set_of(second_zero) << 4, next);
#else
  return append_kept(second, second_zero, append_kept(first, first_zero, next));
#endif
#endif
}

/// Widens the extremes of a sweep by one vector.
template <class V, class S>
HWY_INLINE void widen(V bits, S& signed_max, V& unsigned_max, V& unsigned_min) {
  signed_max = hn::Max(signed_max, hn::BitCast(Signed(), bits));
  unsigned_max = hn::Max(unsigned_max, bits);
  unsigned_min = hn::Min(unsigned_min, bits);
}

template <class V, class S>
HWY_INLINE BlockSummary summary_of(size_t key_count, S signed_max, V unsigned_max, V unsigned_min) {
  const Unsigned d;
  return {key_count, hn::GetLane(hn::MaxOfLanes(Signed(), signed_max)),
          hn::GetLane(hn::MaxOfLanes(d, unsigned_max)),
          hn::GetLane(hn::MinOfLanes(d, unsigned_min))};
}

/// The last values of a block, fewer than a vector; the lanes behind them repeat the first value,
/// which changes no extreme. By a copy: a masked load of Highway 1.0.3 may need alignment and read
/// behind the end.
HWY_INLINE hn::Vec<Unsigned> load_rest(const float* values, size_t begin, size_t rest) {
  float tail[hn::MaxLanes(Unsigned())];
  std::fill_n(tail, hn::Lanes(Unsigned()), values[0]);
  std::copy_n(values + begin, rest, tail);
  return hn::BitCast(Unsigned(), hn::LoadU(hn::ScalableTag<float>(), tail));
}

HWY_INLINE hn::Vec<Unsigned> load_bits(const float* values) {
  return hn::BitCast(Unsigned(), hn::LoadU(hn::ScalableTag<float>(), values));
}

BlockSummary compress(const float* HWY_RESTRICT values, size_t count, uint16_t* HWY_RESTRICT keys) {
  const Unsigned d;
  const size_t lanes = hn::Lanes(d);
  auto signed_max = hn::Set(Signed(), INT32_MIN);
  auto unsigned_max = hn::Zero(d);
  auto unsigned_min = hn::Set(d, UINT32_MAX);
  uint16_t* next = keys;
  size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    HWY_UNROLL(2)
    for (size_t j = i; j < i + 4 * lanes; j += 2 * lanes) {
      const auto first = load_bits(values + j);
      const auto second = load_bits(values + j + lanes);
      widen(first, signed_max, unsigned_max, unsigned_min);
      widen(second, signed_max, unsigned_max, unsigned_min);
      next = append_keys(first, second, next);
    }
  }
  for (; i < count; i += lanes) {
    const size_t rest = std::min(lanes, count - i);
    const auto bits = load_rest(values, i, rest);
    widen(bits, signed_max, unsigned_max, unsigned_min);
    next = append_keys(hn::IfThenElseZero(hn::FirstN(d, rest), bits), hn::Zero(d), next);
  }
  return summary_of(static_cast<size_t>(next - keys), signed_max, unsigned_max, unsigned_min);
}

/// Adds one to each lane of `tally` that holds `what` in `bits`.
template <class V>
HWY_INLINE void tally_equal(V bits, V what, V& tally) {
  tally = hn::Sub(tally, hn::VecFromMask(Unsigned(), hn::Eq(bits, what)));
}

/// Counts the zeros of one sign, of which `tally` says how many there are, out again.
template <class V>
HWY_INLINE uint32_t take_back(V tally, KeyCount& zeros) {
  const uint32_t count = hn::GetLane(hn::SumOfLanes(Unsigned(), tally));
  zeros = static_cast<KeyCount>(zeros - count);
  return count;
}

constexpr size_t kMinusZero = ValueHistogram::kKeyCount / 2;

/// The increments are stores, of which a core does one a cycle; all else happens in their shadow.
BlockSummary count_in_place(const float* HWY_RESTRICT values, size_t count,
                            KeyCount* HWY_RESTRICT counts) {
  const Unsigned d;
  const size_t lanes = hn::Lanes(d);
  const size_t step = std::max(lanes, 2 * kGroup);
  const auto minus_zero = hn::BitCast(d, hn::SignBit(hn::ScalableTag<float>()));
  auto signed_max = hn::Set(Signed(), INT32_MIN);
  auto unsigned_max = hn::Zero(d);
  auto unsigned_min = hn::Set(d, UINT32_MAX);
  auto zeros = hn::Zero(d);
  auto minus_zeros = hn::Zero(d);
  size_t i = 0;
  for (; i + step <= count; i += step) {
    for (size_t j = i; j < i + step; j += lanes) {
      const auto bits = load_bits(values + j);
      widen(bits, signed_max, unsigned_max, unsigned_min);
      tally_equal(bits, hn::Zero(d), zeros);
      tally_equal(bits, minus_zero, minus_zeros);
    }
    for (size_t j = i; j < i + step; j += kGroup) {
      count_group(values + j, counts);
    }
  }
  size_t key_count = i - take_back(zeros, counts[0]) - take_back(minus_zeros, counts[kMinusZero]);
  for (size_t j = i; j < count; j += lanes) {
    widen(load_rest(values, j, std::min(lanes, count - j)), signed_max, unsigned_max, unsigned_min);
  }
  for (; i < count; ++i) {
    if (std::bit_cast<uint32_t>(values[i]) << 1 == 0) continue;
    ++counts[ValueHistogram::key_of(values[i])];
    ++key_count;
  }
  return summary_of(key_count, signed_max, unsigned_max, unsigned_min);
}

}  // namespace rangefinder::statistics::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::statistics::simd {

HWY_EXPORT(compress);
HWY_EXPORT(count_in_place);

namespace {
constexpr uint32_t kSign = 0x80000000u;
constexpr uint32_t kInfinity = 0x7F800000u;
}  // namespace

bool BlockSummary::all_finite() const {
  return signed_max < static_cast<int32_t>(kInfinity) && unsigned_max < (kSign | kInfinity);
}

float BlockSummary::min() const {
  return std::bit_cast<float>(unsigned_max >= kSign ? unsigned_max : unsigned_min);
}

float BlockSummary::max() const {
  return signed_max >= 0 ? std::bit_cast<float>(signed_max) : std::bit_cast<float>(unsigned_min);
}

BlockSummary compress_keys(std::span<const float> values, uint16_t* keys) {
  return HWY_DYNAMIC_DISPATCH(compress)(values.data(), values.size(), keys);
}

BlockSummary count_keys(std::span<const float> values, KeyCount* counts) {
  return HWY_DYNAMIC_DISPATCH(count_in_place)(values.data(), values.size(), counts);
}

BlockSummary compress_keys_reference(std::span<const float> values, uint16_t* keys) {
  BlockSummary summary;
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    summary.signed_max = std::max(summary.signed_max, static_cast<int32_t>(bits));
    summary.unsigned_max = std::max(summary.unsigned_max, bits);
    summary.unsigned_min = std::min(summary.unsigned_min, bits);
    if (bits << 1 != 0) {
      keys[summary.key_count++] = static_cast<uint16_t>(ValueHistogram::key_of(value));
    }
  }
  return summary;
}

BlockSummary count_keys_reference(std::span<const float> values, KeyCount* counts) {
  std::vector<uint16_t> keys(values.size());
  const BlockSummary summary = compress_keys_reference(values, keys.data());
  for (size_t i = 0; i < summary.key_count; ++i) ++counts[keys[i]];
  return summary;
}

}  // namespace rangefinder::statistics::simd
#endif  // HWY_ONCE
