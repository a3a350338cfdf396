#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rangefinder::graph {

/// Conv, ConvTranspose, Gemm and MatMul: their second input is what we call weights.
bool has_weight_operator(std::string_view op_type);

/// The attribute, or null if the node does not set it.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name);

int64_t int_attribute(const onnx::NodeProto& node, std::string_view name, int64_t otherwise);
float float_attribute(const onnx::NodeProto& node, std::string_view name, float otherwise);
std::string string_attribute(const onnx::NodeProto& node, std::string_view name,
                             std::string_view otherwise);
std::vector<int64_t> ints_attribute(const onnx::NodeProto& node, std::string_view name);
/// Whether all integers of the attribute are this one; true if the node does not set it.
bool ints_are(const onnx::NodeProto& node, std::string_view name, int64_t value);

/// Each sets the attribute, replacing one of the same name.
void set_attribute(onnx::NodeProto& node, std::string_view name, int64_t value);
void set_attribute(onnx::NodeProto& node, std::string_view name, float value);
void set_attribute(onnx::NodeProto& node, std::string_view name, std::string_view value);
void set_attribute(onnx::NodeProto& node, std::string_view name, const std::vector<int64_t>& value);

void remove_attribute(onnx::NodeProto& node, std::string_view name);

/// Calls `visit` with every graph held in the node's attributes (the bodies of If, Loop, Scan).
void for_each_subgraph(onnx::NodeProto& node, const std::function<void(onnx::GraphProto&)>& visit);
void for_each_subgraph(const onnx::NodeProto& node,
                       const std::function<void(const onnx::GraphProto&)>& visit);

}  // namespace rangefinder::graph
