#pragma once

// The ONNX messages, by the one include that the onnx_messages target is set up for.

#include <onnx/onnx_pb.h>  // IWYU pragma: export
