#include "quantization/error_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace rangefinder::quantization {

void CompensatedSum::add(double value) {
  const double next = sum_ + value;
  const bool sum_is_larger = std::fabs(sum_) >= std::fabs(value);
  compensation_ += sum_is_larger ? (sum_ - next) + value : (value - next) + sum_;
  sum_ = next;
}

double decibels(double signal, double noise) {
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

void ErrorMetrics::add(std::span<const float> real, std::span<const float> restored) {
  if (real.size() != restored.size()) {
    throw std::invalid_argument("ErrorMetrics: " + std::to_string(real.size()) + " real values, " +
                                std::to_string(restored.size()) + " restored ones.");
  }
  for (size_t i = 0; i < real.size(); ++i) {
    if (std::isfinite(real[i]) && std::isfinite(restored[i])) {
      add_pair(real[i], restored[i]);
    } else {
      ++nonfinite_count_;
    }
  }
}

void ErrorMetrics::add_pair(double real, double restored) {
  const double error = real - restored;
  error_.add(error * error);
  real_.add(real * real);
  restored_.add(restored * restored);
  product_.add(real * restored);
  max_abs_error_ = std::max(max_abs_error_, std::fabs(error));
  ++count_;
}

void ErrorMetrics::merge(const ErrorMetrics& other) {
  error_.add(other.error_.value());
  real_.add(other.real_.value());
  restored_.add(other.restored_.value());
  product_.add(other.product_.value());
  max_abs_error_ = std::max(max_abs_error_, other.max_abs_error_);
  count_ += other.count_;
  nonfinite_count_ += other.nonfinite_count_;
}

double ErrorMetrics::mse() const {
  return count_ == 0 ? 0 : error_.value() / static_cast<double>(count_);
}

double ErrorMetrics::sqnr_db() const { return decibels(real_.value(), error_.value()); }

double ErrorMetrics::cosine() const {
  const double real = std::sqrt(real_.value());
  const double restored = std::sqrt(restored_.value());
  if (real == 0 && restored == 0) return 1;
  if (real == 0 || restored == 0) return 0;
  return std::clamp(product_.value() / real / restored, -1.0, 1.0);
}

}  // namespace rangefinder::quantization
