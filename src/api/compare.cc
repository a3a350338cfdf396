#include "rangefinder/compare.h"

#include "api/model_state.h"
#include "api/requests.h"
#include "workflow/compare.h"

namespace rangefinder {

Comparison compare(const Model& float_model, const Model& quantized_model,
                   const SampleSource& samples, const CompareOptions& options) {
  return workflow::compare({.float_model = float_model.state().source,
                            .quantized_model = quantized_model.state().source,
                            .samples = input_for(float_model, samples),
                            .sample_limit = options.samples,
                            .run = options.run,
                            .measure_latency = options.measure_latency,
                            .node_times = options.node_times});
}

}  // namespace rangefinder
