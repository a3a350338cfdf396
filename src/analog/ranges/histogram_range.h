#pragma once

#include <functional>
#include <mutex>
#include <span>

#include "analog/ranges/range_method.h"

namespace rangefinder::analog {

/// Turns the magnitudes of a slice, at least one of them above 0, into its range.
using RangeSearch = std::function<float(const MagnitudeHistogram&)>;

/// The quantile of |x|, interpolated inside its bucket: off by at most a factor of
/// 1 +- 2^-kMantissaBits; exact at 1.
RangeSearch histogram_quantile(double quantile);

/// The range r that minimizes the expected squared difference between x and x clipped to +-r and
/// rounded to steps of 2r / levels, values spread evenly inside their bucket: a closed form per
/// bucket (docs/numerics/analog.md (15)-(17)). Candidates go down from the largest value
/// by factors of 0.96, then by 0.998 around the best; O(buckets) each.
/// Throws std::invalid_argument unless inp_res asks for quantization.
RangeSearch least_squared_error(double inp_res);

/// Expected squared error that least_squared_error() compares, summed over all entries.
double squared_error(const std::vector<statistics::Bucket>& buckets, double range, double levels);

/// QUANTILE and MSE: one histogram of |x| per slice over all calls, solved at the end.
class HistogramRange : public RangeMethod {
 public:
  HistogramRange(size_t slice_count, RangeSearch search)
      : search_(std::move(search)), slices_(slice_count) {}

  void observe(const CallId& call, const ActivationMatrix& activations) override;
  Sight sight() const override { return Sight::kCounts; }
  void add_counted(std::span<const MagnitudeHistogram> slices) override;
  void encode(statistics::WireWriter& to) const override;
  void add(statistics::WireReader& from) override;
  std::optional<std::vector<float>> ranges() const override;

 private:
  RangeSearch search_;
  mutable std::mutex mutex_;
  std::vector<MagnitudeHistogram> slices_;
};

}  // namespace rangefinder::analog
