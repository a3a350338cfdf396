#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "analog/ranges/range_method.h"

namespace rangefinder::analog {

/// A figure of one slice of one call; nothing if the call has too few entries for it. Throws
/// std::domain_error on NaN or infinity unless made with kAihwkit.
using CallFigure = std::function<std::optional<double>(const ActivationMatrix&, size_t slice)>;

/// alpha * standard deviation.
CallFigure moving_standard_deviation(double alpha, Compatibility compatibility);
/// Quantile of |x|. With kAihwkit of x with its sign, but of |x| at quantile 1, as the reference.
CallFigure moving_quantile(double quantile, Compatibility compatibility);

/// MOVING_STD and MOVING_QUANTILE: the mean over calls of a figure, every call weighing the same
/// however many rows it has.
///
/// Remembers the figures of each call (4 bytes per call and slice) and adds them in the order of
/// the samples, so that the result does not depend on who was first.
class MovingRange : public RangeMethod {
 public:
  /// With kAihwkit the mean is kept in float32 after every call.
  MovingRange(CallFigure figure, Compatibility compatibility)
      : figure_(std::move(figure)), compatibility_(compatibility) {}

  void observe(const CallId& call, const ActivationMatrix& activations) override;
  void encode(statistics::WireWriter& to) const override;
  void add(statistics::WireReader& from) override;
  std::optional<std::vector<float>> ranges() const override;

 private:
  float mean(size_t slice) const;

  CallFigure figure_;
  Compatibility compatibility_;
  mutable std::mutex mutex_;
  std::map<CallId, std::vector<float>> figures_;
};

}  // namespace rangefinder::analog
