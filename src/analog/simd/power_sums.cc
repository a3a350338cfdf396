#include "analog/simd/power_sums.h"

#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analog/simd/power_sums.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::analog::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Double = hn::ScalableTag<double>;
using Float = hn::Rebind<float, Double>;
using Signed = hn::Rebind<int32_t, Double>;
using V = hn::Vec<Double>;

#if !HWY_HAVE_SCALABLE
constexpr size_t kVectorLanes = hn::MaxLanes(Double());
constexpr size_t kVectors = kSumLanes / kVectorLanes;

/// Every value counts once: nothing to multiply with.
struct Ones {
  HWY_INLINE void start(size_t) {}
  HWY_INLINE V times(size_t, V x) const { return x; }
};

/// A weight for every value.
struct PerValue {
  const uint32_t* HWY_RESTRICT weights;
  const int32_t* HWY_RESTRICT at = nullptr;

  HWY_INLINE void start(size_t i) { at = reinterpret_cast<const int32_t*>(weights + i); }
  HWY_INLINE V times(size_t j, V x) const {
    return hn::Mul(hn::PromoteTo(Double(), hn::LoadU(Signed(), at + j * kVectorLanes)), x);
  }
};

/// A weight for every 2^shift values, a vector of float64 at least.
struct PerPosition {
  const uint32_t* HWY_RESTRICT weights;
  int shift;
  size_t begin = 0;

  HWY_INLINE void start(size_t i) { begin = i; }
  HWY_INLINE V times(size_t j, V x) const {
    const uint32_t weight = weights[(begin + j * kVectorLanes) >> shift];
    return hn::Mul(hn::Set(Double(), static_cast<int32_t>(weight)), x);
  }
};

/// A weight for every `lanes` values, any number of them; chunks must come in their order.
struct PerFewValues {
  const uint32_t* HWY_RESTRICT weights;
  size_t lanes;
  size_t lane = 0;
  int32_t chunk[kSumLanes] = {};

  HWY_INLINE void start(size_t) {
    for (int32_t& weight : chunk) {
      weight = static_cast<int32_t>(*weights);
      if (++lane < lanes) continue;
      lane = 0;
      ++weights;
    }
  }
  HWY_INLINE V times(size_t j, V x) const {
    return hn::Mul(hn::PromoteTo(Double(), hn::LoadU(Signed(), chunk + j * kVectorLanes)), x);
  }
};

/// Adds the whole chunks of kSumLanes values; returns how many values that were.
template <bool kHasPivot, class Weights>
HWY_INLINE size_t sum_chunks(const float* HWY_RESTRICT values, size_t count, double pivot,
                             Weights weights, double* first_sums, double* second_sums) {
  const Double d;
  const auto middle = hn::Set(d, pivot);
  V first[kVectors];
  V second[kVectors];
  for (size_t j = 0; j < kVectors; ++j) first[j] = second[j] = hn::Zero(d);
  size_t i = 0;
  for (; i + kSumLanes <= count; i += kSumLanes) {
    weights.start(i);
    HWY_UNROLL(kVectors)
    for (size_t j = 0; j < kVectors; ++j) {
      auto x = hn::PromoteTo(d, hn::LoadU(Float(), values + i + j * kVectorLanes));
      if (kHasPivot) x = hn::Sub(x, middle);
      const auto weighted = weights.times(j, x);
      // Not a fused multiplication and addition: not every instruction set has it.
      first[j] = hn::Add(first[j], weighted);
      second[j] = hn::Add(second[j], hn::Mul(weighted, x));
    }
  }
  for (size_t j = 0; j < kVectors; ++j) {
    hn::StoreU(first[j], d, first_sums + j * kVectorLanes);
    hn::StoreU(second[j], d, second_sums + j * kVectorLanes);
  }
  return i;
}

template <class Weights>
HWY_INLINE size_t sum_chunks(const float* values, size_t count, double pivot, Weights weights,
                             double* first, double* second) {
  if (pivot == 0.0) return sum_chunks<false>(values, count, pivot, weights, first, second);
  return sum_chunks<true>(values, count, pivot, weights, first, second);
}

size_t sum(const float* values, size_t count, double pivot, double* first, double* second) {
  return sum_chunks(values, count, pivot, Ones(), first, second);
}

size_t weighted_sum(const float* values, size_t count, const uint32_t* weights, size_t group,
                    double pivot, double* first, double* second) {
  if (group == 1) return sum_chunks(values, count, pivot, PerValue{weights}, first, second);
  if (std::has_single_bit(group) && group >= kVectorLanes) {
    const PerPosition by_position{weights, std::countr_zero(group)};
    return sum_chunks(values, count, pivot, by_position, first, second);
  }
  return sum_chunks(values, count, pivot, PerFewValues{weights, group}, first, second);
}
#else
// Vectors of a length that is not known when compiling cannot stand in arrays: the plain loop.
size_t sum(const float*, size_t, double, double*, double*) { return 0; }
size_t weighted_sum(const float*, size_t, const uint32_t*, size_t, double, double*, double*) {
  return 0;
}
#endif

}  // namespace rangefinder::analog::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::analog::simd {

HWY_EXPORT(sum);
HWY_EXPORT(weighted_sum);

namespace {

/// The sums of each lane, and what the vectors leave over.
struct SumLanes {
  double first[kSumLanes] = {};
  double second[kSumLanes] = {};

  void add(size_t i, double weight, double difference) {
    const double weighted = weight * difference;
    first[i % kSumLanes] += weighted;
    second[i % kSumLanes] += weighted * difference;
  }

  PowerSums total() {
    for (size_t step = kSumLanes / 2; step > 0; step /= 2) {
      for (size_t i = 0; i < step; ++i) {
        first[i] += first[i + step];
        second[i] += second[i + step];
      }
    }
    return {first[0], second[0]};
  }
};

void add_rest(std::span<const float> values, size_t done, double pivot, SumLanes& lanes) {
  for (size_t i = done; i < values.size(); ++i) lanes.add(i, 1.0, values[i] - pivot);
}

void add_rest(std::span<const float> values, size_t done, const uint32_t* weights, size_t group,
              double pivot, SumLanes& lanes) {
  for (size_t i = done; i < values.size(); ++i) {
    lanes.add(i, weights[i / group], values[i] - pivot);
  }
}

}  // namespace

PowerSums power_sums(std::span<const float> values, double pivot) {
  SumLanes lanes;
  const size_t done =
      HWY_DYNAMIC_DISPATCH(sum)(values.data(), values.size(), pivot, lanes.first, lanes.second);
  add_rest(values, done, pivot, lanes);
  return lanes.total();
}

PowerSums weighted_power_sums(std::span<const float> values, const uint32_t* weights, size_t lanes,
                              double pivot) {
  SumLanes sums;
  const size_t done = HWY_DYNAMIC_DISPATCH(weighted_sum)(values.data(), values.size(), weights,
                                                         lanes, pivot, sums.first, sums.second);
  add_rest(values, done, weights, lanes, pivot, sums);
  return sums.total();
}

PowerSums power_sums_reference(std::span<const float> values, double pivot) {
  SumLanes lanes;
  add_rest(values, 0, pivot, lanes);
  return lanes.total();
}

PowerSums weighted_power_sums_reference(std::span<const float> values, const uint32_t* weights,
                                        size_t lanes, double pivot) {
  SumLanes sums;
  add_rest(values, 0, weights, lanes, pivot, sums);
  return sums.total();
}

}  // namespace rangefinder::analog::simd
#endif  // HWY_ONCE
