// Two calibration methods of one's own, as a shared library for `--plugin`.
//
// Build (needs nothing but the header):
//   c++ -std=c++20 -shared -fPIC -I<rangefinder>/include observers.cc -o observers.so
// Use:
//   rangefinder tensors a.npy b.npy --plugin ./observers.so --method aciq-laplace

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "rangefinder/observer_plugin.h"

namespace {

using rangefinder::plugin::Batch;
using rangefinder::plugin::Bucket;
using rangefinder::plugin::Channel;
using rangefinder::plugin::Observer;
using rangefinder::plugin::Request;
using rangefinder::plugin::Result;

/// A search of one's own on the standard statistics: nothing more is observed, and it can run
/// again on statistics that were saved long ago.
///
/// Analytical clipping for Laplace-distributed values: Banner et al. 2019, arXiv:1810.05723. The
/// mean squared error of 2^bits codes on [mean - a, mean + a] is, with the mean absolute deviation
/// b, about 2 b^2 exp(-a / b) + a^2 / (3 * 4^bits); its minimum is where
///   a / b = ln(3 * 4^bits) - ln(a / b)                                              (1)
/// which a fixed-point iteration finds.
class AciqLaplace : public Observer {
 public:
  using Observer::Observer;

  std::vector<Result> solve(std::span<const Channel> channels) override {
    std::vector<Result> results;
    for (const Channel& channel : channels) results.push_back(solve(channel));
    return results;
  }

 private:
  Result solve(const Channel& channel) const {
    if (channel.finite_count == 0) throw std::runtime_error("nothing finite was seen");
    const auto count = static_cast<double>(channel.finite_count);
    const double mean = sum(channel, [](double x) { return x; }) / count;
    const double deviation = sum(channel, [mean](double x) { return std::fabs(x - mean); }) / count;
    const double half_width = deviation * clipping_ratio();
    return Result::range(std::max(channel.min, mean - half_width),
                         std::min(channel.max, mean + half_width));
  }

  // A bucket's values are taken as its middle: at most 0.4 % off.
  template <typename Function>
  static double sum(const Channel& channel, Function function) {
    double total = 0;
    for (const Bucket& bucket : channel.buckets) {
      total += static_cast<double>(bucket.count) * function((bucket.lower + bucket.upper) / 2);
    }
    return total;
  }

  double clipping_ratio() const {
    const double goal = std::log(3.0) + request().bits * std::log(4.0);
    double ratio = goal;
    for (int i = 0; i < 50; ++i) ratio = goal - std::log(ratio);
    return ratio;
  }
};

/// A method that must see the raw tensors, twice: the largest magnitude in the first pass, the
/// error of every candidate scale in the second.
///
/// The error is |x - restored|^2.4, between squared error (which trusts outliers) and absolute
/// error (which ignores them); the exponent is the one that BRECQ and QDrop use for activations
/// (Li et al. 2021, arXiv:2102.05426). Symmetric, one scale per tensor.
class LpError : public Observer {
 public:
  static constexpr size_t kCandidates = 80;

  explicit LpError(const Request& wanted) : Observer(wanted) {
    if (!wanted.is_symmetric || wanted.is_per_channel) {
      throw std::invalid_argument("it serves symmetric per-tensor grids only");
    }
  }

  void begin_pass(uint32_t pass) override { pass_ = pass; }

  void observe(const Batch& batch) override {
    const std::span<const float> values(batch.values, batch.value_count);
    for (const float x : values) {
      if (!std::isfinite(x)) continue;
      if (pass_ == 0) {
        largest_ = std::max(largest_, std::fabs(x));
      } else {
        add_errors(x);
      }
    }
  }

  std::vector<Result> solve(std::span<const Channel> /*channels*/) override {
    if (largest_ == 0) return {Result::range(0, 0)};
    const auto best = std::min_element(errors_.begin(), errors_.end()) - errors_.begin();
    const double range = candidate(static_cast<size_t>(best)) * steps() / 2;
    return {Result::range(-range, range)};
  }

 private:
  double steps() const { return static_cast<double>(request().quant_max - request().quant_min); }

  // Scales from 1 / kCandidates of the full range's up to the full range's.
  double candidate(size_t index) const {
    return 2 * double{largest_} / steps() * static_cast<double>(index + 1) / kCandidates;
  }

  void add_errors(float x) {
    const auto low = static_cast<double>(request().quant_min);
    const auto high = static_cast<double>(request().quant_max);
    for (size_t i = 0; i < kCandidates; ++i) {
      const double scale = candidate(i);
      const double restored = std::clamp(std::nearbyint(x / scale), low, high) * scale;
      errors_[i] += std::pow(std::fabs(x - restored), 2.4);
    }
  }

  uint32_t pass_ = 0;
  float largest_ = 0;
  std::array<double, kCandidates> errors_ = {};
};

}  // namespace

// The sums of LpError are rounded, so another order of the batches gives other last bits; merging
// was not written.
RANGEFINDER_OBSERVER_PLUGIN(
    rangefinder::plugin::describe<AciqLaplace>("aciq-laplace"),
    rangefinder::plugin::describe<LpError>("lp-error", {.raw_pass_count = 2,
                                                        .needs_statistics = false,
                                                        .broken_laws = RANGEFINDER_BREAKS_MERGE |
                                                                       RANGEFINDER_BREAKS_ORDER}))
