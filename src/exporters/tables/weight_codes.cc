#include "exporters/tables/weight_codes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"
#include "quantization/affine.h"

namespace rangefinder::exporters {
namespace {

constexpr double kMostCode = 127;

/// Largest magnitudes along an axis; of everything without one.
std::vector<float> magnitudes(const tensor::Tensor& values, std::optional<int64_t> axis) {
  const auto& shape = values.shape();
  const size_t place = axis ? static_cast<size_t>(*axis) : 0;
  const size_t channels = axis ? static_cast<size_t>(shape[place]) : 1;
  size_t inner = 1;
  for (size_t i = place + 1; axis && i < shape.size(); ++i) inner *= static_cast<size_t>(shape[i]);
  if (!axis) inner = values.element_count();
  std::vector<float> largest(channels, 0);
  const auto floats = values.floats();
  for (size_t i = 0; i < floats.size(); ++i) {
    float& so_far = largest[i / inner % channels];
    // NaN stays, once seen.
    if (!(std::abs(floats[i]) <= so_far)) so_far = std::abs(floats[i]);
    if (!std::isfinite(so_far)) break;
  }
  return largest;
}

/// What a Constant node makes has another name in its message, or none.
tensor::Tensor read(const std::string& name, const onnx::TensorProto& weight) {
  try {
    return graph::read_constant(weight);
  } catch (const Error& error) {
    throw error.within({.tensor = name});
  }
}

}  // namespace

std::optional<int64_t> output_channel_axis(const onnx::NodeProto& node, size_t rank) {
  const std::string& type = node.op_type();
  if (type == "Conv" && rank >= 3) return 0;
  if (type == "ConvTranspose" && rank >= 3 && graph::int_attribute(node, "group", 1) == 1) return 1;
  if (type == "Gemm" && rank == 2) return graph::int_attribute(node, "transB", 0) != 0 ? 0 : 1;
  if (type == "MatMul" && rank == 2) return 1;
  return std::nullopt;
}

TableTensor weight_codes(const onnx::NodeProto& node, const std::string& name,
                         const onnx::TensorProto& weight) {
  const tensor::Tensor values = read(name, weight).to_float32();
  TableTensor tensor{.name = name,
                     .root = name,
                     .axis = output_channel_axis(node, values.shape().size()),
                     .quant_min = -128,
                     .quant_max = 127,
                     .shape = values.shape()};
  for (const float largest : magnitudes(values, tensor.axis)) {
    if (!std::isfinite(largest)) {
      throw Error("holds NaN or infinity, which no code can show",
                  {.node = node.name(), .tensor = name});
    }
    const double step = static_cast<double>(largest) / kMostCode;
    tensor.scale.push_back(largest == 0 ? 1 : quantization::representable_scale(step));
  }
  tensor.zero_point.assign(tensor.scale.size(), 0);
  return tensor;
}

}  // namespace rangefinder::exporters
