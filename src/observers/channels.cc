#include "observers/channels.h"

#include <stdexcept>
#include <string>

#include "base/error.h"

namespace rangefinder::observers {

void add_batch(const tensor::TensorView& batch,
               const quantization::TensorQuantizationConfig& config,
               std::vector<statistics::TensorStatistics>& channels) {
  const std::span<const float> values = batch.floats();
  if (!config.is_per_channel()) {
    channels.resize(1);
    channels[0].add(values);
    return;
  }
  const size_t axis = config.channel_axis_of(batch.shape.size());
  const auto count = static_cast<size_t>(batch.shape[axis]);
  if (!channels.empty() && channels.size() != count) {
    throw Error("A batch of shape " + tensor::to_string(batch.shape) + " has " +
                std::to_string(count) + " channels along axis " + std::to_string(axis) +
                ", the batches before it had " + std::to_string(channels.size()) + ".");
  }
  channels.resize(count);
  if (values.empty()) return;
  size_t inner = 1;
  for (size_t i = axis + 1; i < batch.shape.size(); ++i) {
    inner *= static_cast<size_t>(batch.shape[i]);
  }
  for (size_t begin = 0, run = 0; begin < values.size(); begin += inner, ++run) {
    channels[run % count].add(values.subspan(begin, inner));
  }
}

}  // namespace rangefinder::observers
