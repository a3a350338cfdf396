#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rangefinder/analog.h"
#include "rangefinder/export.h"
#include "rangefinder/tensor_place.h"

namespace rangefinder {

/// How the rows of an analog layer lie in its input.
struct AnalogLayerInput {
  /// Columns of the weight matrix: the features of a fully connected layer; of a convolution, all
  /// channels times the kernel.
  int64_t columns = 0;
  /// Of a convolution over 1 to 3 axes, one entry an axis; empty lists for a fully connected layer.
  std::vector<int64_t> kernel = {};
  std::vector<int64_t> stride = {};
  std::vector<int64_t> dilation = {};
  /// Zeros before all axes, then behind all axes.
  std::vector<int64_t> padding = {};
  /// Most columns of one tile; 0 or -1: no limit.
  int64_t max_input_size = -1;
  /// kMse alone: the resolution of the inputs (forward.inp_res).
  double inp_res = -1;
};

/// Finds the input ranges of one layer of a network that runs elsewhere, e.g. in PyTorch, from the
/// inputs of its calls: calibrate_input_ranges() without a model.
///
///     rangefinder::InputRangeCounter counter(InputRangeCalibrationType::kMax, {.columns = 512});
///     for (const auto& call : calls) counter.observe(call.view());
///     layer.input_range = counter.ranges().value();
///
/// Memory and cost: as calibrate_input_ranges(), nothing of a call is kept but kCacheQuantile's
/// rows. One thread at a time.
class RANGEFINDER_API InputRangeCounter {
 public:
  /// Of `options` what concerns the run is not looked at, and std_alpha is 3 if not given. Throws
  /// std::invalid_argument as validate() does, for kNone, for a layer without columns, and for kMse
  /// without an inp_res.
  InputRangeCounter(InputRangeCalibrationType type, const AnalogLayerInput& layer,
                    const InputRangeOptions& options = {},
                    AnalogCompatibility compatibility = AnalogCompatibility::kNone);
  InputRangeCounter(InputRangeCounter&&) noexcept;
  InputRangeCounter& operator=(InputRangeCounter&&) noexcept;
  ~InputRangeCounter();

  /// Counts one call: float32, [..., columns] or, of a convolution, [N, C, spatial...] where N may
  /// be missing. Throws std::invalid_argument for another type or shape; std::domain_error for NaN
  /// or infinity, unless kAihwkit takes them as the reference does.
  ///
  /// On a CUDA device the input may also be float16 or bfloat16. It is counted there, if
  /// counts_on_device(); otherwise it is copied, and counted on the CPU. The ranges are the same,
  /// bit for bit. Throws also Error if the device cannot be used, fails or has no memory left.
  void observe(const TensorView& input, const TensorPlace& place = {});
  /// Whether counts alone tell the ranges: kMax, kQuantile and kMse, unless kAihwkit.
  bool counts_on_device() const;

  /// Columns of each slice.
  std::vector<int64_t> slices() const;
  /// One per slice; nothing while no row but of zeros was seen.
  std::optional<std::vector<float>> ranges() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rangefinder
