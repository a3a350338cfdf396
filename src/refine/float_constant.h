#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "graph/graph.h"

namespace rangefinder::refine {

/// The float32 initializer of that name, or null.
inline const onnx::TensorProto* float_constant(const graph::Graph& graph, const std::string& name) {
  const auto* constant = graph.initializer(name);
  const bool is_float = constant && constant->data_type() == onnx::TensorProto::FLOAT;
  return is_float ? constant : nullptr;
}

}  // namespace rangefinder::refine
