#pragma once

#include "tensor/element_type.h"

namespace rangefinder::tensor {

using rangefinder::element_count;
using rangefinder::NamedTensors;
using rangefinder::Shape;
using rangefinder::Tensor;
using rangefinder::TensorView;
using rangefinder::to_string;

}  // namespace rangefinder::tensor
