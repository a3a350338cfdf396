#pragma once

#include <functional>
#include <map>
#include <string>

#include "tensor/tensor.h"

namespace rangefinder::data {

/// What a sample's file says of an array before its elements are read.
struct TensorHeader {
  tensor::ElementType type = tensor::ElementType::kUndefined;
  tensor::Shape shape = {};

  bool operator==(const TensorHeader&) const = default;
};

/// By the arrays' names, as tensor::NamedTensors.
using NamedHeaders = std::map<std::string, TensorHeader>;

/// Called with the headers of all arrays of a sample before memory is taken for any of them; throws
/// if the sample is not wanted. An archive of a few megabytes may unpack to gigabytes.
using HeaderCheck = std::function<void(const NamedHeaders&)>;

}  // namespace rangefinder::data
