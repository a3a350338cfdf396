#include "observers/ppq/batch.h"

#include <algorithm>
#include <cmath>

namespace rangefinder::observers::ppq {

std::span<const float> finite_values(const tensor::TensorView& batch) {
  const std::span<const float> values = batch.floats();
  if (values.empty()) throw Error("PPQ's observers refuse an empty batch.");
  const bool finite =
      std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (!finite) throw Error("The batch holds NaN or infinity, for which PPQ has no result.");
  return values;
}

Error no_data() { return Error("No batch was observed: there is nothing to solve."); }

}  // namespace rangefinder::observers::ppq
