#pragma once

#include <functional>
#include <string>

#include "engine/model_source.h"
#include "engine/session.h"
#include "targets/target.h"

namespace rangefinder::workflow {

/// The target that a model was written for, where that is not ONNX Runtime's CPU provider, by the
/// model's metadata; else empty.
std::string foreign_target(const onnx::ModelProto& model);

/// Opens a model as it stands: ONNX Runtime makes no integer kernels of it. What it computes then
/// is the reference for runtimes that are not here: QuantizeLinear and DequantizeLinear one by one,
/// in float between them.
engine::Session open_plain(const engine::ModelSource& model);

/// For analysis::ModelErrorOptions::open_other: open_plain() for a foreign target, else empty.
std::function<engine::Session()> opener_for(const targets::Target& target,
                                            const engine::ModelSource& model);

/// What a reader must know of figures that come of the reference.
std::string reference_remark(std::string_view target);

/// Conv, ConvTranspose, Gemm and MatMul nodes of a model, and those that read their second factor
/// as codes.
struct WrittenNodes {
  size_t all = 0;
  size_t in_codes = 0;
};
WrittenNodes written_nodes(const onnx::ModelProto& model);

}  // namespace rangefinder::workflow
