#pragma once

#include <onnx/onnx_pb.h>

namespace rangefinder::passes {

/// What a user of the model sees of it without running it, and nothing else: declared inputs and
/// outputs, names, descriptions, metadata.
onnx::ModelProto interface_of(const onnx::ModelProto& model);

/// Declares inputs and outputs as `interface` does - dimensions, their names, order, descriptions -
/// because ONNX Runtime writes down what it inferred instead, and puts the descriptions back.
/// An output that `interface` gives no type keeps the one inferred.
void restore_interface(const onnx::ModelProto& interface, onnx::ModelProto& model);

}  // namespace rangefinder::passes
