#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace rangefinder::graph {

class Graph;

/// The message of a tensor that is constant: an initializer, or what a Constant node makes of a
/// tensor, whose message may have another name or none. Null if it is computed.
const onnx::TensorProto* find_constant(const Graph& graph, const std::string& tensor);

/// The tensor's values, whichever field of the message holds them, or the file that it refers to
/// (weights.h). Throws Error (naming the tensor) if the data do not fit the shape, or the type is
/// not one of tensor::ElementType with a fixed size; as read_slice() does.
tensor::Tensor read_constant(const onnx::TensorProto& constant);

/// Hands out the values of a float32 constant in order, some at a time, until `visit` returns
/// false. Throws Error as read_constant() does, and if it holds another type.
void for_each_float_block(const onnx::TensorProto& constant,
                          const std::function<bool(std::span<const float>)>& visit);

/// A message with the tensor's values as raw bytes.
onnx::TensorProto make_constant(const std::string& name, const tensor::Tensor& value);

onnx::TensorProto make_floats(const std::string& name, tensor::Shape shape,
                              std::span<const float> values);
onnx::TensorProto make_int64s(const std::string& name, std::span<const int64_t> values);
onnx::TensorProto make_int32s(const std::string& name, tensor::Shape shape,
                              std::span<const int32_t> values);
onnx::TensorProto make_int8s(const std::string& name, tensor::Shape shape,
                             std::span<const int8_t> values);
onnx::TensorProto make_uint8s(const std::string& name, tensor::Shape shape,
                              std::span<const uint8_t> values);

/// The values of an integer constant. Throws Error if it is not int32 or int64.
std::vector<int64_t> read_int64s(const onnx::TensorProto& constant);

}  // namespace rangefinder::graph
