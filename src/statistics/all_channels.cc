#include "statistics/all_channels.h"

namespace rangefinder::statistics {

TensorStatistics all_channels(const ObservedTensor& tensor) {
  TensorStatistics all;
  for (const auto& channel : tensor.channels) all.merge(channel);
  return all;
}

}  // namespace rangefinder::statistics
