#pragma once

#include "exporters/qdq.h"
#include "passes/widen_codes.h"

namespace rangefinder::exporters {

/// Which codes are wider, and what the reads of the other width get, by the tensor's name.
struct MixedCodes {
  passes::WideCodes wide = {};
  SolvedTensors converted = {};
};

/// write_qdq() with nodes on the wider codes of the target (targets::wider_target()). A reader of
/// the other width stands behind another pair, which is how runtimes are told to convert codes.
/// All pairs are of one domain: com.microsoft where the operator set has no codes of 16 bits.
/// Throws as write_qdq() does.
onnx::ModelProto write_mixed_qdq(const passes::PreparedModel& prepared,
                                 const passes::Annotation& annotation, const SolvedTensors& solved,
                                 const std::vector<passes::QuantizedWeight>& weights,
                                 const targets::Target& target, const MixedCodes& mixed);

}  // namespace rangefinder::exporters
