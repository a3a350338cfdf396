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
/// For each set of dropped lanes: the numbers of the others, in order. Bytes, because the table
/// shares the first-level cache with the counters.
struct LaneOrders {
  static constexpr size_t kLanes = hn::MaxLanes(Unsigned());
  alignas(64) uint8_t order[size_t{1} << kLanes][kLanes] = {};

  constexpr LaneOrders() {
    for (size_t dropped = 0; dropped < size_t{1} << kLanes; ++dropped) {
      size_t next = 0;
      for (size_t lane = 0; lane < kLanes; ++lane) {
        if ((dropped >> lane & 1) == 0) order[dropped][next++] = static_cast<uint8_t>(lane);
      }
    }
  }
};
constexpr LaneOrders kLaneOrders;
#endif

/// Stores those lanes of `v` one behind the other that are not zero in `doubled`; returns how many.
template <class V>
HWY_INLINE size_t store_kept(V v, V doubled, uint32_t* to) {
  const Unsigned d;
#if RANGEFINDER_COMPRESS_BY_TABLE
  // Highway 1.0.3 keeps its table for these sets in a local array that GCC 12 copies to the stack
  // on every call: 11 times slower than this.
  const hn::Rebind<uint8_t, Unsigned> d8;
  uint8_t bits[8] = {};
  hn::StoreMaskBits(d, hn::Eq(doubled, hn::Zero(d)), bits);
  const size_t dropped = bits[0];
  // In sparse data most vectors leave nothing; and a store to one place again and again, as these
  // would be, was seen to take four times as long (Zen 3).
  if (dropped == (1u << hn::Lanes(d)) - 1) return 0;
  const auto order = hn::PromoteTo(d, hn::LoadU(d8, kLaneOrders.order[dropped]));
  hn::StoreU(hn::TableLookupLanes(v, hn::IndicesFromVec(d, order)), d, to);
  return hn::Lanes(d) - static_cast<size_t>(std::popcount(dropped));
#else
  // Not CompressStore: a masked store to memory is very slow on some AVX-512 machines.
  const auto kept = hn::Ne(doubled, hn::Zero(d));
  hn::StoreU(hn::Compress(v, kept), d, to);
  return hn::CountTrue(d, kept);
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

/// Appends the keys of those lanes that are not zero.
template <class V>
HWY_INLINE uint32_t* append_keys(V bits, uint32_t* next) {
  const auto key = hn::ShiftRight<ValueHistogram::kShift>(bits);
  return next + store_kept(key, hn::Add(bits, bits), next);
}

BlockSummary compress(const float* HWY_RESTRICT values, size_t count, uint32_t* HWY_RESTRICT keys) {
  const Unsigned d;
  const size_t lanes = hn::Lanes(d);
  auto signed_max = hn::Set(Signed(), INT32_MIN);
  auto unsigned_max = hn::Zero(d);
  auto unsigned_min = hn::Set(d, UINT32_MAX);
  uint32_t* next = keys;
  size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    HWY_UNROLL(4)
    for (size_t j = 0; j < 4; ++j) {
      const auto bits = load_bits(values + i + j * lanes);
      widen(bits, signed_max, unsigned_max, unsigned_min);
      next = append_keys(bits, next);
    }
  }
  for (; i < count; i += lanes) {
    const size_t rest = std::min(lanes, count - i);
    const auto bits = load_rest(values, i, rest);
    widen(bits, signed_max, unsigned_max, unsigned_min);
    next = append_keys(hn::IfThenElseZero(hn::FirstN(d, rest), bits), next);
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
HWY_INLINE uint32_t take_back(V tally, uint32_t& zeros) {
  const uint32_t count = hn::GetLane(hn::SumOfLanes(Unsigned(), tally));
  zeros -= count;
  return count;
}

constexpr size_t kMinusZero = ValueHistogram::kKeyCount / 2;

/// The increments are stores, of which a core does one a cycle; all else happens in their shadow.
BlockSummary count_in_place(const float* HWY_RESTRICT values, size_t count,
                            uint32_t* HWY_RESTRICT counts) {
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

BlockSummary compress_keys(std::span<const float> values, uint32_t* keys) {
  return HWY_DYNAMIC_DISPATCH(compress)(values.data(), values.size(), keys);
}

BlockSummary count_keys(std::span<const float> values, uint32_t* counts) {
  return HWY_DYNAMIC_DISPATCH(count_in_place)(values.data(), values.size(), counts);
}

BlockSummary compress_keys_reference(std::span<const float> values, uint32_t* keys) {
  BlockSummary summary;
  for (const float value : values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    summary.signed_max = std::max(summary.signed_max, static_cast<int32_t>(bits));
    summary.unsigned_max = std::max(summary.unsigned_max, bits);
    summary.unsigned_min = std::min(summary.unsigned_min, bits);
    if (bits << 1 != 0) keys[summary.key_count++] = ValueHistogram::key_of(value);
  }
  return summary;
}

BlockSummary count_keys_reference(std::span<const float> values, uint32_t* counts) {
  std::vector<uint32_t> keys(values.size());
  const BlockSummary summary = compress_keys_reference(values, keys.data());
  for (size_t i = 0; i < summary.key_count; ++i) ++counts[keys[i]];
  return summary;
}

}  // namespace rangefinder::statistics::simd
#endif  // HWY_ONCE
