#include "observers/ppq/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "observers/ppq/batch.h"

namespace rangefinder::observers::ppq {
namespace {

struct Interval {
  float low;
  float high;
};

Interval widened(std::span<const float> values, bool magnitudes, Interval interval) {
  if (interval.low == interval.high && !values.empty()) {
    const auto less = [magnitudes](float a, float b) {
      return magnitudes ? std::fabs(a) < std::fabs(b) : a < b;
    };
    const auto [least, most] = std::minmax_element(values.begin(), values.end(), less);
    interval = magnitudes ? Interval{std::fabs(*least), std::fabs(*most)} : Interval{*least, *most};
  }
  if (interval.low == interval.high) return {interval.low - 1, interval.high + 1};
  return interval;
}

}  // namespace

void add_histc(std::span<const float> values, bool magnitudes, float low, float high,
               std::span<int64_t> counts) {
  const Interval interval = widened(values, magnitudes, {low, high});
  const auto bins = static_cast<float>(counts.size());
  for (const float value : values) {
    const float x = magnitudes ? std::fabs(value) : value;
    if (x < interval.low || x > interval.high) continue;
    const auto index =
        static_cast<size_t>((x - interval.low) * bins / (interval.high - interval.low));
    ++counts[std::min(index, counts.size() - 1)];
  }
}

HistogramObserver::HistogramObserver(const quantization::TensorQuantizationConfig& config,
                                     size_t bin_count)
    : config_(config),
      counts_(bin_count),
      min_(std::numeric_limits<float>::infinity()),
      max_(-std::numeric_limits<float>::infinity()) {
  if (config.is_per_channel()) {
    throw std::invalid_argument("PPQ's histogram observers (kl, mse) refuse per-channel configs.");
  }
}

void HistogramObserver::begin_pass(size_t pass) {
  Observer::begin_pass(pass);
  pass_ = pass;
  if (pass == 0) return;
  if (min_ > max_) throw no_data();
  const double low = min_;
  const double high = max_;
  const double range =
      config_.is_symmetric() ? std::max(std::fabs(low), std::fabs(high)) : high - low;
  bin_width_ = range / static_cast<double>(counts_.size());
}

void HistogramObserver::observe(const tensor::TensorView& batch) {
  const std::span<const float> values = finite_values(batch);
  if (pass_ == 0) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    min_ = std::min(min_, *least);
    max_ = std::max(max_, *most);
  } else if (config_.is_symmetric()) {
    const double range = bin_width_ * static_cast<double>(counts_.size());
    add_histc(values, true, 0, static_cast<float>(range), counts_);
  } else {
    add_histc(values, false, min_, max_, counts_);
  }
}

void HistogramObserver::merge(const Observer& other) {
  const auto* same = dynamic_cast<const HistogramObserver*>(&other);
  if (same == nullptr || same->counts_.size() != counts_.size()) {
    throw std::invalid_argument("Observers of two methods cannot be merged.");
  }
  min_ = std::min(min_, same->min_);
  max_ = std::max(max_, same->max_);
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += same->counts_[i];
}

Solution HistogramObserver::solve(const Observations& /*observations*/) {
  if (pass_ == 0) throw no_data();
  return {.parameters = {search()}};
}

}  // namespace rangefinder::observers::ppq
