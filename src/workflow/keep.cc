#include "workflow/keep.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "engine/write_model.h"
#include "report/json_text.h"

namespace rangefinder::workflow {
namespace {

using Json = nlohmann::ordered_json;

Json reads_json(const passes::QuantizedTensor& tensor) {
  Json reads = Json::array();
  for (const auto& [node, input] : tensor.reads)
    reads.push_back({{"node", node}, {"input", input}});
  return reads;
}

Json tensor_json(const passes::QuantizedTensor& tensor) {
  Json json = {{"name", tensor.name},
               {"root", tensor.root},
               {"is_observed", tensor.is_observed()},
               {"factor", tensor.factor}};
  if (!tensor.codes_of.empty()) json["codes_of"] = tensor.codes_of;
  if (tensor.fixed) {
    json["fixed"] = {{"scale", tensor.fixed->scale}, {"zero_point", tensor.fixed->zero_point}};
  }
  if (tensor.upper_bound) json["upper_bound"] = *tensor.upper_bound;
  if (!tensor.hides_float) json["read_by"] = reads_json(tensor);
  return json;
}

Json nodes_json(const std::vector<passes::FloatNode>& nodes) {
  Json rows = Json::array();
  for (const auto& node : nodes) {
    rows.push_back({{"name", node.name}, {"op_type", node.op_type}, {"reason", node.reason}});
  }
  return rows;
}

Json plan_json(const Plan& plan) {
  Json tensors = Json::array();
  for (const auto& tensor : plan.annotation.tensors) tensors.push_back(tensor_json(tensor));
  Json nodes = Json::array();
  for (const auto& node : plan.annotation.weighted) {
    nodes.push_back({{"name", node.name},
                     {"op_type", node.op_type},
                     {"has_constant_weight", node.has_constant_weight}});
  }
  return {{"model", plan.source.name()},
          {"target", plan.target->name},
          {"tensors", tensors},
          {"integer_nodes", nodes},
          {"float_nodes", nodes_json(plan.annotation.left_float)},
          {"unsuited_nodes", nodes_json(plan.annotation.unsuited)}};
}

}  // namespace

void keep_plan(const Plan& plan, const RunControl& control) {
  if (control.keep.empty()) return;
  engine::keep_model(plan.prepared_source(), control.keep, "prepared.onnx");
  write_file(control.keep / "plan.json", report::json_text(plan_json(plan)));
}

void keep_quantized(const engine::ModelSource& model, const RunControl& control) {
  engine::keep_model(model, control.keep, "quantized.onnx");
}

}  // namespace rangefinder::workflow
