#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>

namespace rangefinder::graph {

/// Writes what ONNX lets one say in several ways in the one way that everything behind, ONNX
/// Runtime included, understands. In the main graph, in bodies and in local functions alike:
///
/// - sparse initializers and sparse values of Constant nodes become dense;
/// - empty names at the end of a node's inputs and outputs, which stand for optional tensors left
///   out, are cut off (ONNX Runtime 1.29 to 1.32 crash on LayerNormalization with a bias of "");
/// - the default operator set is called "", not "ai.onnx";
/// - of initializers of one name the last stays, as ONNX Runtime takes it.
///
/// Returns true if that changed the model. Throws Error naming the tensor: a sparse one that is
/// damaged or whose dense form, with those before it, takes more than `most_bytes`.
bool normalize(onnx::ModelProto& model, uint64_t most_bytes);

}  // namespace rangefinder::graph
