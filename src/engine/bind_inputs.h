#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace rangefinder::engine {

/// An input or output of a model. Dimensions that the model leaves open are -1; no shape at all
/// means that even the rank is open.
struct TensorInfo {
  std::string name;
  tensor::ElementType type = tensor::ElementType::kUndefined;
  std::optional<tensor::Shape> shape;

  bool operator==(const TensorInfo&) const = default;
};

/// The tensors of one sample in the order of a model's inputs. Those that had to be converted
/// are owned here, the others still belong to the sample, which must outlive this.
struct BoundInputs {
  std::vector<tensor::TensorView> views;
  std::deque<tensor::Tensor> converted;
};

/// Checks a sample against a model's inputs and converts element types where that is harmless.
///
/// A sample with the single name "" (a .npy file) goes to the model's only input. Converted are:
/// float64 to float32 and both to float16 (rounded to nearest, beyond the range to infinity),
/// float16 to float32, and integers to wider ones that hold every value of theirs.
/// Throws Error naming `sample`, what was found and what is allowed: an input that is missing or
/// unknown, a type, a rank or a fixed dimension that does not fit.
BoundInputs bind_inputs(std::span<const TensorInfo> inputs, const tensor::NamedTensors& sample,
                        const std::string& sample_name);

}  // namespace rangefinder::engine
