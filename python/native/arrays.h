#pragma once

#include "casters.h"
#include "rangefinder/tensor.h"

namespace rangefinder::python {

/// Copies an array of the host - anything with DLPack or the buffer protocol - so that its owner
/// may do with it what it likes. Throws TypeError naming a type that is no number.
Tensor tensor_of(nanobind::handle array);
/// The same for a dictionary of names and arrays.
NamedTensors tensors_of(const nanobind::dict& arrays);

/// A NumPy array that owns its copy. bfloat16, which NumPy has not, becomes float32.
nanobind::object array_of(const Tensor& tensor);
nanobind::object float_array(const float* values, const std::vector<size_t>& shape);
nanobind::dict arrays_of(const NamedTensors& tensors);

}  // namespace rangefinder::python
