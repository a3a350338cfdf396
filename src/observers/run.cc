#include "observers/run.h"

#include "observers/gather.h"

namespace rangefinder::observers {

Solution run(Observer& observer, const quantization::TensorQuantizationConfig& config,
             const BatchSource& batches) {
  const Needs needs = observer.needs();
  const bool gathers = needs.statistics || needs.batch_figures || needs.row_top > 0;
  Gatherer gatherer(config, needs);
  // Gathering rides along with the first raw pass, or has a pass of its own.
  if (needs.raw_pass_count == 0) {
    batches([&](const tensor::TensorView& batch) { gatherer.add(batch); });
  }
  for (size_t pass = 0; pass < needs.raw_pass_count; ++pass) {
    observer.begin_pass(pass);
    batches([&](const tensor::TensorView& batch) {
      observer.observe(batch);
      if (pass == 0 && gathers) gatherer.add(batch);
    });
  }
  return observer.solve(gatherer.observations());
}

Solution run(Observer& observer, const quantization::TensorQuantizationConfig& config,
             std::span<const tensor::Tensor> batches) {
  return run(observer, config, [batches](const BatchVisitor& visit) {
    for (const tensor::Tensor& batch : batches) visit(batch.view());
  });
}

}  // namespace rangefinder::observers
