#pragma once

#include "quantization/tensor_quantization_config.h"
#include "rangefinder/dominance.h"

namespace rangefinder::quantization {

using rangefinder::Dominance;

}  // namespace rangefinder::quantization
