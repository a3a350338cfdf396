#include "refine/weight_channels.h"

#include <stdexcept>

#include "graph/attributes.h"

namespace rangefinder::refine {
namespace {

bool is_convolution(const onnx::NodeProto& node) {
  return node.op_type() == "Conv" || node.op_type() == "ConvTranspose";
}

bool has_inputs_first(const onnx::NodeProto& node) {
  if (node.op_type() == "Gemm") return graph::int_attribute(node, "transB", 0) == 0;
  return node.op_type() == "MatMul" || node.op_type() == "ConvTranspose";
}

}  // namespace

WeightChannels::WeightChannels(const onnx::NodeProto& node, const onnx::TensorProto& weight)
    : has_inputs_first_(has_inputs_first(node)) {
  const auto& dims = weight.dims();
  if (dims.size() < 2 || (dims.size() > 2 && !is_convolution(node))) {
    throw std::invalid_argument("no weight with an axis of inputs and one of outputs");
  }
  first_ = static_cast<size_t>(dims[0]);
  second_ = static_cast<size_t>(dims[1]);
  for (int i = 2; i < dims.size(); ++i) taps_ *= static_cast<size_t>(dims[i]);
  if (is_convolution(node)) {
    groups_ = static_cast<size_t>(graph::int_attribute(node, "group", 1));
  }
  if (groups_ == 0 || first_ == 0 || first_ % groups_ != 0) {
    throw std::invalid_argument("groups that do not divide the channels");
  }
}

}  // namespace rangefinder::refine
