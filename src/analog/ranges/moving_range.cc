#include "analog/ranges/moving_range.h"

#include <bit>
#include <cmath>
#include <stdexcept>

#include "analog/ranges/call_figures.h"

namespace rangefinder::analog {
namespace {

double magnitude(uint32_t bits) { return std::bit_cast<float>(bits); }

std::optional<double> absolute_quantile(const ActivationMatrix& activations, size_t slice,
                                        double quantile) {
  const MagnitudeQuantile found = magnitude_quantile(activations, slice, quantile);
  require_finite(found.largest_bits);
  return found.value;
}

std::optional<double> reference_quantile(const ActivationMatrix& activations, size_t slice,
                                         double quantile) {
  if (quantile == 1.0) return magnitude(largest_magnitude_bits(activations, slice));
  return signed_quantile(activations, slice, quantile);
}

}  // namespace

CallFigure moving_standard_deviation(double alpha, Compatibility compatibility) {
  return [=](const ActivationMatrix& activations, size_t slice) -> std::optional<double> {
    const auto deviation = standard_deviation(activations, slice);
    // Float64 holds the squares of all finite values: only then must they be looked at.
    const bool is_finite = deviation && std::isfinite(*deviation);
    if (compatibility == Compatibility::kNone && !is_finite) {
      require_finite(largest_magnitude_bits(activations, slice));
    }
    return deviation ? std::optional(alpha * *deviation) : std::nullopt;
  };
}

CallFigure moving_quantile(double quantile, Compatibility compatibility) {
  const auto figure =
      compatibility == Compatibility::kAihwkit ? reference_quantile : absolute_quantile;
  return [figure, quantile](const ActivationMatrix& activations, size_t slice) {
    return figure(activations, slice, quantile);
  };
}

void MovingRange::observe(const CallId& call, const ActivationMatrix& activations) {
  std::vector<float> figures;
  for (size_t slice = 0; slice < activations.slice_count(); ++slice) {
    const std::optional<double> figure = figure_(activations, slice);
    if (figure) figures.push_back(static_cast<float>(*figure));
  }
  // Too few entries is a matter of rows, so it holds for all slices of more than one column alike.
  if (activations.kept_row_count() == 0 || figures.size() < activations.slice_count()) return;
  const std::lock_guard lock(mutex_);
  if (!figures_.emplace(call, std::move(figures)).second) {
    throw std::invalid_argument("the same call was observed twice");
  }
}

void MovingRange::encode(statistics::WireWriter& to) const {
  const std::lock_guard lock(mutex_);
  to.varint(figures_.size());
  to.varint(figures_.empty() ? 0 : figures_.begin()->second.size());
  for (const auto& [call, figures] : figures_) {
    to.varint(call.sample);
    to.varint(call.site);
    for (const float figure : figures) to.f32(figure);
  }
}

void MovingRange::add(statistics::WireReader& from) {
  const std::lock_guard lock(mutex_);
  const size_t calls = from.count(2);
  const size_t slices = from.count(calls == 0 ? 1 : 4 * calls);
  const bool has_others = !figures_.empty() && figures_.begin()->second.size() != slices;
  if (calls > 0 && (slices == 0 || has_others)) from.fail("figures of another layer");
  for (size_t i = 0; i < calls; ++i) {
    CallId call;
    call.sample = from.varint();
    call.site = from.varint();
    std::vector<float> figures(slices);
    for (float& figure : figures) figure = from.f32();
    if (!figures_.emplace(call, std::move(figures)).second) from.fail("a call that was seen twice");
  }
}

float MovingRange::mean(size_t slice) const {
  double sum = 0.0;
  float running = 0.0f;
  float count = 0.0f;
  for (const auto& [call, figures] : figures_) {
    running = (running * count + figures[slice]) / (count + 1.0f);
    count += 1.0f;
    sum += figures[slice];
  }
  if (compatibility_ == Compatibility::kAihwkit) return running;
  return static_cast<float>(sum / static_cast<double>(figures_.size()));
}

std::optional<std::vector<float>> MovingRange::ranges() const {
  const std::lock_guard lock(mutex_);
  if (figures_.empty()) return std::nullopt;
  std::vector<float> result(figures_.begin()->second.size());
  for (size_t slice = 0; slice < result.size(); ++slice) result[slice] = mean(slice);
  return result;
}

}  // namespace rangefinder::analog
