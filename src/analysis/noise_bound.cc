#include "analysis/noise_bound.h"

#include <cmath>

#include "quantization/error_metrics.h"

namespace rangefinder::analysis {
namespace {

using quantization::CompensatedSum;

/// Signal and noise of all samples.
SamplePower pooled(std::span<const SamplePower> samples) {
  CompensatedSum signal;
  CompensatedSum noise;
  for (const SamplePower& sample : samples) {
    signal.add(sample.signal);
    noise.add(sample.noise);
  }
  return {signal.value(), noise.value()};
}

}  // namespace

std::optional<double> noise_bound(std::span<const SamplePower> samples) {
  if (samples.size() < 2) return std::nullopt;
  const auto count = static_cast<double>(samples.size());
  const double noise = pooled(samples).noise;
  CompensatedSum squares;
  for (const SamplePower& sample : samples) {
    squares.add((sample.noise - noise / count) * (sample.noise - noise / count));
  }
  // Of the sum, not of the mean: the standard deviation of one sample times the root of their
  // number.
  return noise + kBoundErrors * std::sqrt(squares.value() / (count - 1) * count);
}

std::optional<double> sqnr_bound_db(std::span<const SamplePower> samples) {
  const auto noise = noise_bound(samples);
  if (!noise) return std::nullopt;
  return quantization::decibels(pooled(samples).signal, *noise);
}

std::optional<double> sqnr_db(std::span<const SamplePower> samples) {
  if (samples.empty()) return std::nullopt;
  const SamplePower all = pooled(samples);
  return quantization::decibels(all.signal, all.noise);
}

}  // namespace rangefinder::analysis
