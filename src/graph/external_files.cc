#include "graph/external_files.h"

#include <onnx/onnx_pb.h>

#include <set>
#include <string>

#include "graph/attributes.h"
#include "graph/skeleton.h"

namespace rangefinder::graph {
namespace {

using Locations = std::set<std::string>;

void collect(const onnx::TensorProto& tensor, Locations& found) {
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") found.insert(entry.value());
  }
}

void collect(const onnx::SparseTensorProto& tensor, Locations& found) {
  collect(tensor.values(), found);
  collect(tensor.indices(), found);
}

void collect(const onnx::GraphProto& graph, Locations& found);

void collect(const onnx::NodeProto& node, Locations& found) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_t()) collect(attribute.t(), found);
    if (attribute.has_sparse_tensor()) collect(attribute.sparse_tensor(), found);
    for (const auto& tensor : attribute.tensors()) collect(tensor, found);
    for (const auto& tensor : attribute.sparse_tensors()) collect(tensor, found);
  }
  for_each_subgraph(node, [&](const onnx::GraphProto& body) { collect(body, found); });
}

void collect(const onnx::GraphProto& graph, Locations& found) {
  for (const auto& tensor : graph.initializer()) collect(tensor, found);
  for (const auto& tensor : graph.sparse_initializer()) collect(tensor, found);
  for (const auto& node : graph.node()) collect(node, found);
}

}  // namespace

std::vector<std::filesystem::path> external_files(const std::filesystem::path& model) {
  const onnx::ModelProto proto = parse_skeleton(model, model.string());
  Locations found;
  collect(proto.graph(), found);
  for (const auto& function : proto.functions()) {
    for (const auto& node : function.node()) collect(node, found);
  }
  std::vector<std::filesystem::path> files;
  for (const std::string& location : found) files.push_back(model.parent_path() / location);
  return files;
}

}  // namespace rangefinder::graph
