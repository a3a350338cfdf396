#pragma once

#include <onnx/onnx_pb.h>

#include <vector>

#include "exporters/qdq.h"
#include "passes/atoms.h"

namespace rangefinder::exporters {

/// The prepared float model, or a stretch of it (passes/stretches.h), with a switch for each atom
/// (engine/switches.h): while that of atom i is on, the model computes what the quantized model
/// would if atom i alone computed on codes, all of its arithmetic included - in floating point,
/// with its weights, biases, inputs and outputs rounded as solved. While none is on it is the float
/// model.
///
/// Constants that stand beside codes are rounded as the target has it.
/// Codes of weights are all that is added in size. For engine::Session with has_switches alone.
onnx::ModelProto write_simulation(onnx::ModelProto model, const passes::Annotation& annotation,
                                  const SolvedTensors& solved,
                                  const std::vector<passes::QuantizedWeight>& weights,
                                  const std::vector<passes::Atom>& atoms,
                                  const targets::Target& target = targets::all_targets().front());

}  // namespace rangefinder::exporters
