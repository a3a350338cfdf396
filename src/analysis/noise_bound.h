#pragma once

#include <optional>
#include <span>

namespace rangefinder::analysis {

/// Standard errors in a bound: of a normal distribution 95 % lies below.
inline constexpr double kBoundErrors = 1.64;

/// Of one sample: the reference's values squared and added up, and the differences.
struct SamplePower {
  double signal = 0;
  double noise = 0;
};

/// What the pooled noise would hardly exceed on as many other samples: it plus kBoundErrors of its
/// standard errors, told from how the samples differ. Empty with fewer than two. Samples that were
/// not used for any decision are needed: a mean of few samples, chosen for being low, is lower than
/// that of others. The same, bit for bit, for the same order of samples.
std::optional<double> noise_bound(std::span<const SamplePower> samples);

/// The pooled signal over noise_bound(), in dB: infinite if there is no noise.
std::optional<double> sqnr_bound_db(std::span<const SamplePower> samples);

/// The pooled signal over the pooled noise, in dB; empty without samples.
std::optional<double> sqnr_db(std::span<const SamplePower> samples);

}  // namespace rangefinder::analysis
