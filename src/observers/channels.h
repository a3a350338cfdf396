#pragma once

#include <vector>

#include "quantization/tensor_quantization_config.h"
#include "statistics/tensor_statistics.h"
#include "tensor/tensor.h"

namespace rangefinder::observers {

/// Adds a batch to the statistics of its channels (one entry if the config is per tensor).
/// `channels` is empty before the first batch and then keeps its length.
/// Throws Error if the channel axis is out of range for the batch's shape, or a later batch has
/// another number of channels.
void add_batch(const tensor::TensorView& batch,
               const quantization::TensorQuantizationConfig& config,
               std::vector<statistics::TensorStatistics>& channels);

}  // namespace rangefinder::observers
