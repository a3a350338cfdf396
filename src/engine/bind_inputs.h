#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/tensor_header.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

using rangefinder::TensorInfo;

/// The tensors of one sample in the order of a model's inputs. Those that had to be converted
/// are owned here, the others still belong to the sample, which must outlive this.
struct BoundInputs {
  std::vector<tensor::TensorView> views;
  std::deque<tensor::Tensor> converted;
};

/// Checks a sample against a model's inputs and converts element types where that is harmless.
///
/// A sample with the single name "" (a .npy file) goes to the model's only input. Converted are:
/// float64 to float32 and both to float16 and bfloat16 (rounded to nearest, beyond the range to
/// infinity), float16 to float32, and integers to wider ones that hold every value of theirs.
/// Throws Error naming `sample`, what was found and what is allowed: an input that is missing or
/// unknown, a type, a rank or a fixed dimension that does not fit.
BoundInputs bind_inputs(std::span<const TensorInfo> inputs, const tensor::NamedTensors& sample,
                        const std::string& sample_name);

/// The part of bind_inputs() that looks at names and shapes: for
/// data::SampleSource::read_checked(), so that a small archive that would unpack to something else
/// than the model takes is refused before it is unpacked. `inputs` must outlive the check.
data::HeaderCheck header_check(std::span<const TensorInfo> inputs, std::string sample_name);

}  // namespace rangefinder::engine
