#pragma once

#include <memory>
#include <vector>

#include "analog/ranges/range_method.h"

namespace rangefinder::analog {

/// Calls of a fully connected layer, each rows x features, cut at `limit` inputs.
struct LinearCalls {
  int64_t features;
  int64_t limit;
  std::vector<std::vector<float>> calls;

  PatchPlan plan() const { return {linear_geometry(features), balanced_slices(features, limit)}; }
  /// Shows call `index` to the method.
  void show(RangeMethod& method, size_t index) const {
    const PatchPlan shape = plan();
    method.observe({index, 0}, ActivationMatrix(shape, calls[index]));
  }
  std::optional<std::vector<float>> ranges(RangeMethod& method) const {
    for (size_t i = 0; i < calls.size(); ++i) show(method, i);
    return method.ranges();
  }
};

/// The two calls that the reference was run on by hand.
inline LinearCalls worked_example(int64_t limit) {
  return {4, limit, {{1, -4, 2, .5f, 0, 0, 0, 0, 3, 1, -1, 2.5f}, {-6, 0, 1, 1}}};
}

inline std::unique_ptr<RangeMethod> method_for(InputRangeType type,
                                               const InputRangeOptions& options,
                                               const LinearCalls& calls,
                                               const RpuConfig& config = {}) {
  return make_range_method(type, options, config, calls.plan().slices.size());
}

}  // namespace rangefinder::analog
