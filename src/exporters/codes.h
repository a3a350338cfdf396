#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <span>
#include <string>

#include "quantization/tensor_quantization_config.h"
#include "tensor/tensor.h"

namespace rangefinder::exporters {

/// Codes of this grid as a constant: int8, uint8, int16 or uint16. Throws std::invalid_argument if
/// the grid has more than 16 bits.
onnx::TensorProto make_codes(const std::string& name, const tensor::Shape& shape,
                             std::span<const int64_t> codes,
                             const quantization::TensorQuantizationConfig& grid);

/// A constant of floats on a grid that covers all of its values, with its parameters in force.
struct ConstantCodes {
  quantization::TensorQuantizationConfig config;
  onnx::TensorProto codes;
};

/// Throws Error naming the constant if it holds NaN or infinity.
ConstantCodes quantize_constant(const onnx::TensorProto& constant, const std::string& name,
                                const quantization::TensorQuantizationConfig& grid);

}  // namespace rangefinder::exporters
