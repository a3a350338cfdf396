#pragma once

#include <onnx/onnx_pb.h>

#include <functional>

namespace rangefinder::graph {

/// Calls visit(graph) with the main graph and every body of If, Loop and Scan, those in local
/// functions included; a graph before its bodies.
void for_each_graph(onnx::ModelProto& model, const std::function<void(onnx::GraphProto&)>& visit);

/// Calls visit(node) with every node of the model: of the main graph, of bodies, of functions.
void for_each_node(onnx::ModelProto& model, const std::function<void(onnx::NodeProto&)>& visit);
void for_each_node(const onnx::GraphProto& graph,
                   const std::function<void(const onnx::NodeProto&)>& visit);

}  // namespace rangefinder::graph
