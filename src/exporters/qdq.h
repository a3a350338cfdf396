#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <vector>

#include "passes/annotate.h"
#include "passes/lookup_tables.h"
#include "passes/prepare.h"
#include "passes/quantize_lstm.h"
#include "passes/quantize_weights.h"
#include "quantization/tensor_quantization_config.h"

namespace rangefinder::exporters {

/// Parameters of every tensor that has its own, by name.
using SolvedTensors = std::map<std::string, quantization::TensorQuantizationConfig>;

/// The key under which a model's metadata name the target that it was written for, where that is
/// not the CPU provider of ONNX Runtime.
inline constexpr char kTargetKey[] = "rangefinder.target";

/// The domain of QuantizeLinear and DequantizeLinear in what is written of this model: that of
/// ONNX, or com.microsoft where the operator set has none that do. Throws Error if the target's
/// runtime does not take those.
std::string quantized_domain(const passes::PreparedModel& prepared, const targets::Target& target);

/// The quantized model in QDQ form: ONNX nodes in float, QuantizeLinear and DequantizeLinear
/// around them, which runtimes fuse into integer kernels.
///
/// A tensor that integer kernels make is written through one pair which every reader stands
/// behind; a tensor that float nodes make keeps its float readers. Tensors that share parameters
/// read the same two initializers. Weights are int8 and biases int32 behind DequantizeLinear.
/// Tables are int8, with a DequantizeLinear behind each Gather that reads them; those with an
/// obstacle stay float. LSTM nodes become ONNX Runtime's DynamicQuantizeLSTM, likewise.
/// The interface of the model (inputs, outputs, names, types) stays what it was.
/// What is said here of weights, biases and float nodes holds for targets that run here; others
/// have them as their profile says.
/// Throws std::invalid_argument if a root has no parameters, Error as quantized_domain() does.
onnx::ModelProto write_qdq(const passes::PreparedModel& prepared,
                           const passes::Annotation& annotation, const SolvedTensors& solved,
                           const std::vector<passes::QuantizedWeight>& weights,
                           const std::vector<passes::QuantizedTable>& tables = {},
                           const std::vector<passes::QuantizedLstm>& lstms = {},
                           const targets::Target& target = targets::all_targets().front());

}  // namespace rangefinder::exporters
