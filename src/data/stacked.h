#pragma once

#include <cstdint>
#include <optional>

#include "tensor/tensor.h"

namespace rangefinder::data {

/// How an array that holds many samples along its first dimension is cut into them.
struct Stack {
  uint64_t count = 0;
  /// Of one sample.
  tensor::Shape sample = {};

  bool operator==(const Stack&) const = default;
};

/// The samples in an array for an input of a model (an extent is -1 where it is open; nothing is
/// known without a shape):
/// - an array that fits as it is is one sample or batch, and no stack; so is one that fits in no
///   way, which whoever binds it will tell;
/// - one dimension more than the input has: one sample for each of its first index;
/// - a first dimension that is a multiple of the input's fixed one, from twice on: so many samples.
std::optional<Stack> stack_of(const tensor::Shape& array,
                              const std::optional<tensor::Shape>& input);

}  // namespace rangefinder::data
