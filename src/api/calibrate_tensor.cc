#include "rangefinder/calibrate_tensor.h"

#include "api/samples_state.h"
#include "workflow/tensors.h"

namespace rangefinder {

TensorCalibration calibrate_tensor(const SampleSource& batches,
                                   const TensorQuantizationConfig& config,
                                   const CalibrateTensorOptions& options) {
  return workflow::calibrate_tensors(
      {.batches = batches.state().input,
       .method = options.method.name,
       .config = config,
       .options = options.method.options,
       .like_ppq = options.like_ppq,
       .ignore_nonfinite = options.run.nonfinite == Nonfinite::kIgnore,
       .measure = options.measure});
}

}  // namespace rangefinder
