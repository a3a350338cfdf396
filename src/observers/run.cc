#include "observers/run.h"

#include <vector>

#include "observers/channels.h"

namespace rangefinder::observers {

Solution run(Observer& observer, const quantization::TensorQuantizationConfig& config,
             const BatchSource& batches) {
  const Needs needs = observer.needs();
  std::vector<statistics::TensorStatistics> channels;
  // Statistics ride along with the first raw pass, or have a pass of their own.
  if (needs.raw_pass_count == 0) {
    batches([&](const tensor::TensorView& batch) { add_batch(batch, config, channels); });
  }
  for (size_t pass = 0; pass < needs.raw_pass_count; ++pass) {
    observer.begin_pass(pass);
    batches([&](const tensor::TensorView& batch) {
      observer.observe(batch);
      if (pass == 0 && needs.statistics) add_batch(batch, config, channels);
    });
  }
  return observer.solve({channels});
}

Solution run(Observer& observer, const quantization::TensorQuantizationConfig& config,
             std::span<const tensor::Tensor> batches) {
  return run(observer, config, [batches](const BatchVisitor& visit) {
    for (const tensor::Tensor& batch : batches) visit(batch.view());
  });
}

}  // namespace rangefinder::observers
