#pragma once

#include <cstdint>
#include <span>

namespace rangefinder::quantization {

/// Sum with a running compensation of the rounding errors: Neumaier 1974. The error does not grow
/// with the number of terms.
class CompensatedSum {
 public:
  void add(double value);
  double value() const { return sum_ + compensation_; }

 private:
  double sum_ = 0;
  double compensation_ = 0;
};

/// 10 log10(signal / noise) of two powers: +infinity if there is no noise (also without a signal),
/// -infinity if there is noise but no signal.
double decibels(double signal, double noise);

/// How far restored values are from the real ones, over any number of batches.
///
/// Pairs in which either value is NaN or infinite say nothing about quantization: they are counted
/// and left out. All results are up to rounding (about 1e-16 relative) the same for any split and
/// order of the batches.
class ErrorMetrics {
 public:
  /// Throws std::invalid_argument unless both have the same length.
  void add(std::span<const float> real, std::span<const float> restored);
  void merge(const ErrorMetrics& other);

  /// Pairs compared, not-finite ones left out.
  uint64_t count() const { return count_; }
  uint64_t nonfinite_count() const { return nonfinite_count_; }

  /// Sum of (real - restored)^2, and of real^2, over the pairs compared.
  double error_power() const { return error_.value(); }
  double real_power() const { return real_.value(); }
  /// Mean of (real - restored)^2; 0 if nothing was compared.
  double mse() const;
  /// decibels() of sum real^2 over sum (real - restored)^2.
  double sqnr_db() const;
  /// Cosine of the angle between the two as vectors; 1 if both are all zero, 0 if one is.
  double cosine() const;
  /// 0 if nothing was compared.
  double max_abs_error() const { return max_abs_error_; }

 private:
  void add_pair(double real, double restored);

  CompensatedSum error_;
  CompensatedSum real_;
  CompensatedSum restored_;
  CompensatedSum product_;
  double max_abs_error_ = 0;
  uint64_t count_ = 0;
  uint64_t nonfinite_count_ = 0;
};

}  // namespace rangefinder::quantization
