#pragma once

#include <functional>
#include <span>

#include "observers/observer.h"

namespace rangefinder::observers {

/// Calls its argument with every batch of a tensor, in order; called once per pass.
using BatchVisitor = std::function<void(const tensor::TensorView&)>;
using BatchSource = std::function<void(const BatchVisitor&)>;

/// Shows the batches to the observer as often as it needs, statistics included (gathered during
/// the first pass), and solves. One batch is held at a time.
/// Throws Error if a batch does not fit (channel axis, shape), and what the observer throws.
Solution run(Observer& observer, const quantization::TensorQuantizationConfig& config,
             const BatchSource& batches);

/// The same over batches in memory.
Solution run(Observer& observer, const quantization::TensorQuantizationConfig& config,
             std::span<const tensor::Tensor> batches);

}  // namespace rangefinder::observers
