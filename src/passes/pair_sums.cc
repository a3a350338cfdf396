#include "passes/pair_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rangefinder::passes {
namespace {

/// Almost always none does.
bool may_exceed(std::span<const int8_t> codes) {
  bool found = false;
  for (size_t k = 0; k + 1 < codes.size(); k += 2) {
    found |= std::abs(codes[k] + codes[k + 1]) > kLargestPairSum;
  }
  return found;
}

}  // namespace

void collect_pair_sums(std::span<const float> dot_product, float above, std::vector<float>& sums) {
  size_t count = sums.size();
  sums.resize(count + dot_product.size() / 2);
  // Every sum is written, and kept by counting it: which are, no processor can foresee.
  for (size_t k = 0; k + 1 < dot_product.size(); k += 2) {
    const float a = dot_product[k];
    const float b = dot_product[k + 1];
    const float sum = std::min(std::abs(a + b), std::numeric_limits<float>::max());
    const bool has_one_sign = ((a > 0) & (b > 0)) | ((a < 0) & (b < 0));
    sums[count] = sum;
    count += has_one_sign & (sum > above);
  }
  sums.resize(count);
}

float scale_for_pair_sums(std::span<const float> sums, size_t count, float least_scale) {
  constexpr double kLargest = kLargestPairSum;
  // d/ds [count s^2 / 12 + sum of (u - 128 s)^2 / 2] = 0 over the pairs that exceed at s.
  for (double scale = least_scale;;) {
    double total = 0;
    double excess_count = 0;
    for (const double sum : sums) {
      if (sum <= kLargest * scale) continue;
      total += sum;
      ++excess_count;
    }
    const double next =
        kLargest * total / (static_cast<double>(count) / 6 + kLargest * kLargest * excess_count);
    // From the left of the minimum every step goes right; at the start it may lie to the left.
    if (!(next > scale * (1 + 1e-9))) return static_cast<float>(scale);
    scale = next;
  }
}

void bound_pair_sums(std::span<const float> dot_product, float scale, std::span<int8_t> codes) {
  if (!may_exceed(codes)) return;
  for (size_t k = 0; k + 1 < codes.size(); k += 2) {
    const int sum = codes[k] + codes[k + 1];
    if (std::abs(sum) <= kLargestPairSum) continue;
    // Codes of different sign cannot reach 128, so here both have the sign of the sum.
    const int sign = sum > 0 ? 1 : -1;
    const double difference =
        std::abs(dot_product[k] / scale) - std::abs(dot_product[k + 1] / scale);
    const int first = static_cast<int>(std::nearbyint((kLargestPairSum + difference) / 2));
    const int bounded = std::clamp(first, 1, kLargestPairSum - 1);
    codes[k] = static_cast<int8_t>(sign * bounded);
    codes[k + 1] = static_cast<int8_t>(sign * (kLargestPairSum - bounded));
  }
}

}  // namespace rangefinder::passes
