#include "workflow/sample_check.h"

#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/finite_check.h"
#include "engine/packed_model.h"

namespace rangefinder::workflow {
namespace {

using Names = std::unordered_set<std::string>;

std::shared_ptr<engine::FiniteCheck> finite_check(const Plan& plan,
                                                  std::vector<engine::ObservedTensor> tensors) {
  return std::make_shared<engine::FiniteCheck>(plan.prepared_source(), std::move(tensors));
}

/// Tensors of the main graph that are codes, by the names they have on either side of the pair.
Names quantized_tensors(const engine::ModelSource& model) {
  const onnx::ModelProto proto = engine::parse_model(model);
  Names names;
  for (const auto& node : proto.graph().node()) {
    if (node.op_type() == "QuantizeLinear" && node.input_size() > 0) names.insert(node.input(0));
    if (node.op_type() == "DequantizeLinear" && node.output_size() > 0) {
      names.insert(node.output(0));
    }
  }
  return names;
}

std::shared_ptr<engine::FiniteCheck> plan_check(const engine::ModelSource& float_model,
                                                const engine::ModelSource& quantized_model) {
  try {
    const Plan plan = make_plan(float_model);
    const Names quantized = quantized_tensors(quantized_model);
    std::vector<engine::ObservedTensor> tensors;
    for (engine::ObservedTensor& tensor : plan.observed()) {
      if (quantized.contains(tensor.name)) tensors.push_back(std::move(tensor));
    }
    return finite_check(plan, std::move(tensors));
  } catch (const Error&) {
    return nullptr;
  }
}

/// The check that `make` makes when the first sample comes; none if it makes none.
template <class Make>
analysis::CheckSample made_when_needed(Make make) {
  struct State {
    std::once_flag once;
    std::shared_ptr<engine::FiniteCheck> check;
  };
  return [make = std::move(make), state = std::make_shared<State>()](
             const tensor::NamedTensors& sample, const std::string& name) {
    std::call_once(state->once, [&] { state->check = make(); });
    if (state->check) state->check->require(sample, name);
  };
}

}  // namespace

analysis::CheckSample check_observed(const Plan& plan) {
  return made_when_needed([&plan] { return finite_check(plan, plan.observed()); });
}

analysis::CheckSample check_quantized(const engine::ModelSource& float_model,
                                      const engine::ModelSource& quantized_model) {
  return made_when_needed(
      [float_model, quantized_model] { return plan_check(float_model, quantized_model); });
}

}  // namespace rangefinder::workflow
