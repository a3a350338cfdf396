#include "engine/probe.h"

#include "engine/operator_names.h"

namespace rangefinder::engine {
namespace {

void import(onnx::ModelProto& model, const char* domain, int64_t version) {
  auto* opset = model.add_opset_import();
  opset->set_domain(domain);
  opset->set_version(version);
}

void describe(onnx::ValueInfoProto& info, const char* name) {
  info.set_name(name);
  info.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
}

}  // namespace

Session open_probe(const std::function<void(graph::Graph& graph)>& add_nodes) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  import(model, "", 13);
  import(model, kBlockedDomain, 1);
  model.mutable_graph()->set_name("probe");
  describe(*model.mutable_graph()->add_input(), "x");
  describe(*model.mutable_graph()->add_output(), "y");
  graph::Graph graph(model);
  add_nodes(graph);
  return Session(ModelSource(model.SerializeAsString(), ""),
                 {.optimization = OptimizationLevel::kNone});
}

}  // namespace rangefinder::engine
