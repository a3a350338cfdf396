#pragma once

#include <onnx/onnx_pb.h>

namespace rangefinder::graph {

/// The tensor with all its values, zeros where the sparse one has none; named as its values are.
///
/// Both layouts of indices are read: one number into the flattened tensor per value, or one row of
/// coordinates per value. Throws Error naming the tensor: indices outside of its shape, twice or
/// not as many as values, a type without a fixed size, or a dense form of more than `most_bytes`.
onnx::TensorProto make_dense(const onnx::SparseTensorProto& sparse, uint64_t most_bytes);

}  // namespace rangefinder::graph
