#pragma once

#include <span>

#include "base/error.h"
#include "tensor/tensor.h"

namespace rangefinder::observers::ppq {

/// The batch's values. The original asserts on an empty batch; on NaN or infinity its observers
/// raise, or give scales of NaN or infinity in silence: here all of these are Errors, so that no
/// useless scale leaves the compatibility mode.
std::span<const float> finite_values(const tensor::TensorView& batch);

/// What solving without having seen a batch is answered with.
Error no_data();

}  // namespace rangefinder::observers::ppq
