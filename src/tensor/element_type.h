#pragma once

#include "rangefinder/tensor.h"

namespace rangefinder::tensor {

using rangefinder::element_name;
using rangefinder::element_size;
using rangefinder::ElementType;
using rangefinder::is_floating;

}  // namespace rangefinder::tensor
