#pragma once

#include <onnx/onnx_pb.h>

namespace rangefinder::passes {

/// Replaces calls of the model's local functions by the functions' nodes, in bodies of If, Loop and
/// Scan and within functions too; true if there was any.
///
/// A node of a call is called "<call>/<its name in the function>", so that patterns find it by the
/// name that the user gave the call. The only Gemm, MatMul, Conv, LSTM, GRU or RNN of a call stands
/// for it and takes its name alone. Outputs of calls keep their names.
/// A call stays, and all functions with it, where its function imports another version of an
/// operator set than the model: its nodes would mean something else.
/// Throws Error where functions call each other more than 100 deep (or without end), or come to
/// more than 2 GiB of nodes.
bool inline_functions(onnx::ModelProto& model);

}  // namespace rangefinder::passes
