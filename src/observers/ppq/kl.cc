#include "observers/ppq/kl.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "observers/ppq/affine.h"

namespace rangefinder::observers::ppq {
namespace {

size_t quantized_bins(const quantization::TensorQuantizationConfig& config) {
  return size_t{1} << (config.bits - 1);
}

size_t bin_count(const quantization::TensorQuantizationConfig& config) {
  const auto bins =
      static_cast<size_t>(std::llround(detail_or(config, "hist_bins", Kl::kBinCount)));
  if (!config.is_symmetric()) {
    throw std::invalid_argument("PPQ's kl refuses asymmetric configs.");
  }
  if (bins == 0 || bins % quantized_bins(config) != 0) {
    throw std::invalid_argument(
        "PPQ's kl needs a multiple of 2^(bits-1) = " + std::to_string(quantized_bins(config)) +
        " bins, found " + std::to_string(bins) + ".");
  }
  return bins;
}

float sum(std::span<const float> values) {
  return static_cast<float>(std::accumulate(values.begin(), values.end(), 0.0));
}

// The original's "following code is crucial, do not move": float32 counts without their low end.
std::vector<float> doctored(std::span<const int64_t> counts) {
  std::vector<float> histogram(counts.begin(), counts.end());
  const auto low = static_cast<size_t>(static_cast<double>(counts.size()) * .002);
  std::fill_n(histogram.begin(), low, 0.0f);
  histogram[low] = 1;
  return histogram;
}

// Each group of bins replaced by its mean over its non-zero bins, normalized. All zero gives NaN.
std::vector<float> quantized(std::span<const float> histogram, size_t group) {
  std::vector<float> result(histogram.size());
  for (size_t begin = 0; begin < histogram.size(); begin += group) {
    const auto bins = histogram.subspan(begin, group);
    const auto positive = std::count_if(bins.begin(), bins.end(), [](float c) { return c > 0; });
    const float mean = sum(bins) / static_cast<float>(std::max<std::ptrdiff_t>(positive, 1));
    for (size_t i = 0; i < group; ++i) result[begin + i] = bins[i] > 0 ? mean : 0;
  }
  const float total = sum(result);
  for (float& value : result) value /= total;
  return result;
}

double divergence(std::span<const float> p, std::span<const float> q) {
  constexpr double kEpsilon = 1e-30;
  double loss = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    const double pi = p[i];
    loss += pi * (std::log10(pi + kEpsilon) - std::log10(double{q[i]} + kEpsilon));
  }
  return loss;
}

double loss_of(std::span<const float> histogram, float total, size_t range, size_t group) {
  const auto kept = histogram.first(range);
  std::vector<float> p(kept.begin(), kept.end());
  p.back() += sum(histogram.subspan(range));
  for (float& value : p) value /= total;
  return divergence(p, quantized(kept, group));
}

}  // namespace

size_t best_kl_range(std::span<const int64_t> counts, size_t quantized_bin_count) {
  const std::vector<float> histogram = doctored(counts);
  const float total = sum(histogram);
  size_t best = 0;
  double least = 0;
  for (size_t range = quantized_bin_count; range <= histogram.size();
       range += quantized_bin_count) {
    const double loss = loss_of(histogram, total, range, range / quantized_bin_count);
    // A NaN in first place stays there: Python's sort finds nothing smaller than it.
    if (best == 0 || loss < least) {
      best = range;
      least = loss;
    }
  }
  return best;
}

Kl::Kl(const quantization::TensorQuantizationConfig& config)
    : HistogramObserver(config, bin_count(config)) {}

quantization::AffineParameters Kl::search() const {
  const size_t levels = quantized_bins(config());
  const auto best = static_cast<double>(best_kl_range(counts(), levels));
  const auto bins = static_cast<double>(counts().size());
  double scale = best / bins * bin_width() * (bins / static_cast<double>(levels));
  scale = std::max(scale, min_scale(config()));
  if (config().is_power_of_2()) {
    scale = quantization::round_to_power_of_2(scale, quantization::Rounding::kHalfUp);
  }
  return ScaleAndOffset{scale, 0}.rounded();
}

}  // namespace rangefinder::observers::ppq
