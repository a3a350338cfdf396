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

/// Parameters of every root tensor, by name.
using SolvedTensors = std::map<std::string, quantization::TensorQuantizationConfig>;

/// The quantized model in QDQ form: ONNX nodes in float, QuantizeLinear and DequantizeLinear
/// around them, which runtimes fuse into integer kernels.
///
/// A tensor that integer kernels make is written through one pair which every reader stands
/// behind; a tensor that float nodes make keeps its float readers. Tensors that share parameters
/// read the same two initializers. Weights are int8 and biases int32 behind DequantizeLinear.
/// Tables are int8, with a DequantizeLinear behind each Gather that reads them; those with an
/// obstacle stay float. LSTM nodes become ONNX Runtime's DynamicQuantizeLSTM, likewise.
/// The interface of the model (inputs, outputs, names, types) stays what it was.
/// Throws std::invalid_argument if a root has no parameters.
onnx::ModelProto write_qdq(const passes::PreparedModel& prepared,
                           const passes::Annotation& annotation, const SolvedTensors& solved,
                           const std::vector<passes::QuantizedWeight>& weights,
                           const std::vector<passes::QuantizedTable>& tables = {},
                           const std::vector<passes::QuantizedLstm>& lstms = {});

}  // namespace rangefinder::exporters
