#pragma once

#include <mutex>

#include "analog/ranges/range_method.h"

namespace rangefinder::analog {

/// MAX: the largest |x| of each slice over all calls.
///
/// With kAihwkit infinity is a range, and a slice of a call that holds a NaN is passed over.
class MaxRange : public RangeMethod {
 public:
  explicit MaxRange(size_t slice_count, Compatibility compatibility = Compatibility::kNone)
      : compatibility_(compatibility), largest_bits_(slice_count, 0) {}

  void observe(const CallId& call, const ActivationMatrix& activations) override;
  /// Not those that AIHWKIT-Lightning takes: NaN and infinity are seen call by call.
  Sight sight() const override {
    return compatibility_ == Compatibility::kNone ? Sight::kLargest : Sight::kValues;
  }
  void add_counted(std::span<const MagnitudeHistogram> slices) override;
  void encode(statistics::WireWriter& to) const override;
  void add(statistics::WireReader& from) override;
  std::optional<std::vector<float>> ranges() const override;

 private:
  Compatibility compatibility_;
  mutable std::mutex mutex_;
  /// As float bits, which order like the magnitudes they stand for.
  std::vector<uint32_t> largest_bits_;
};

}  // namespace rangefinder::analog
