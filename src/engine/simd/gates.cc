#include "engine/simd/gates.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/simd/gates.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rangefinder::engine::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// All take whole vectors only and return how many values those were.

size_t hard_swish(const float* x, size_t count, float alpha, float beta, float* y) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const auto slope = hn::Set(d, alpha);
  const auto offset = hn::Set(d, beta);
  const auto one = hn::Set(d, 1.0f);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, x + i);
    // Not MulAdd, which would not round the product.
    const auto line = hn::Add(hn::Mul(slope, value), offset);
    const auto gate = hn::Max(hn::Min(line, one), hn::Zero(d));
    // What a minimum makes of NaN differs between instruction sets; ONNX Runtime keeps it.
    hn::StoreU(hn::Mul(value, hn::IfThenElse(hn::IsNaN(line), line, gate)), d, y + i);
  }
  return i;
}

size_t scale_lanes(const float* HWY_RESTRICT x, size_t count, const float* HWY_RESTRICT gates,
                   size_t gate_count, float* HWY_RESTRICT y) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  if (gate_count % lanes != 0) return 0;
  for (size_t lane = 0; lane < gate_count; lane += lanes) {
    const auto gate = hn::LoadU(d, gates + lane);
    for (size_t i = lane; i < count; i += gate_count) {
      hn::StoreU(hn::Mul(hn::LoadU(d, x + i), gate), d, y + i);
    }
  }
  return count;
}

size_t mean_lanes(const float* HWY_RESTRICT x, size_t count, float* HWY_RESTRICT means,
                  size_t mean_count) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  if (mean_count % lanes != 0) return 0;
  const size_t positions = count / mean_count;
  for (size_t lane = 0; lane < mean_count; lane += lanes) {
    const auto at = [&](size_t p) HWY_ATTR { return hn::LoadU(d, x + p * mean_count + lane); };
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    auto sum2 = hn::Zero(d);
    auto sum3 = hn::Zero(d);
    size_t p = 0;
    for (; p + 4 <= positions; p += 4) {
      sum0 = hn::Add(sum0, at(p));
      sum1 = hn::Add(sum1, at(p + 1));
      sum2 = hn::Add(sum2, at(p + 2));
      sum3 = hn::Add(sum3, at(p + 3));
    }
    auto sum = hn::Add(hn::Add(sum0, sum2), hn::Add(sum1, sum3));
    for (; p < positions; ++p) sum = hn::Add(sum, at(p));
    hn::StoreU(hn::Div(sum, hn::Set(d, static_cast<float>(positions))), d, means + lane);
  }
  return count;
}

}  // namespace rangefinder::engine::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rangefinder::engine::simd {

HWY_EXPORT(hard_swish);
HWY_EXPORT(scale_lanes);
HWY_EXPORT(mean_lanes);

void hard_swish(std::span<const float> x, float alpha, float beta, float* y) {
  const size_t done = HWY_DYNAMIC_DISPATCH(hard_swish)(x.data(), x.size(), alpha, beta, y);
  hard_swish_reference(x.subspan(done), alpha, beta, y + done);
}

void scale_lanes(std::span<const float> x, std::span<const float> gates, float* y) {
  const size_t done =
      HWY_DYNAMIC_DISPATCH(scale_lanes)(x.data(), x.size(), gates.data(), gates.size(), y);
  scale_lanes_reference(x.subspan(done), gates, y + done);
}

void mean_lanes(std::span<const float> x, std::span<float> means) {
  if (means.empty()) return;
  const size_t done =
      HWY_DYNAMIC_DISPATCH(mean_lanes)(x.data(), x.size(), means.data(), means.size());
  if (done == 0) mean_lanes_reference(x, means);
}

void hard_swish_reference(std::span<const float> x, float alpha, float beta, float* y) {
  for (size_t i = 0; i < x.size(); ++i) {
    const float line = alpha * x[i] + beta;
    y[i] = x[i] * std::max(std::min(line, 1.0f), 0.0f);
  }
}

void scale_lanes_reference(std::span<const float> x, std::span<const float> gates, float* y) {
  for (size_t i = 0; i < x.size(); ++i) y[i] = x[i] * gates[i % gates.size()];
}

void mean_lanes_reference(std::span<const float> x, std::span<float> means) {
  if (means.empty()) return;
  const size_t positions = x.size() / means.size();
  for (size_t lane = 0; lane < means.size(); ++lane) {
    std::array<float, 4> sums = {};
    const size_t whole = positions / sums.size() * sums.size();
    for (size_t p = 0; p < whole; ++p) sums[p % sums.size()] += x[p * means.size() + lane];
    float sum = (sums[0] + sums[2]) + (sums[1] + sums[3]);
    for (size_t p = whole; p < positions; ++p) sum += x[p * means.size() + lane];
    means[lane] = sum / static_cast<float>(positions);
  }
}

}  // namespace rangefinder::engine::simd
#endif  // HWY_ONCE
