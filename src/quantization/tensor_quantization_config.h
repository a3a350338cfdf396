#pragma once

// How a tensor is quantized is told in public terms; the layers say the same in their namespace.
#include "quantization/rounding.h"
#include "rangefinder/tensor_quantization_config.h"

namespace rangefinder::quantization {

using rangefinder::FloatFormat;
using rangefinder::Granularity;
using rangefinder::is_active;
using rangefinder::is_allowed;
using rangefinder::name_of;
using rangefinder::QuantizationProperties;
using rangefinder::Representation;
using rangefinder::ScaleRule;
using rangefinder::State;
using rangefinder::Symmetry;
using rangefinder::TensorQuantizationConfig;
using rangefinder::Timing;

}  // namespace rangefinder::quantization
