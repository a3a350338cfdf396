#include "workflow/fit_samples.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/error.h"
#include "engine/bind_inputs.h"
#include "engine/packed_model.h"

namespace rangefinder::workflow {
namespace {

TensorInfo declared(const onnx::ValueInfoProto& input) {
  TensorInfo info{.name = input.name(), .type = {}, .shape = {}};
  const auto& type = input.type().tensor_type();
  if (!type.has_shape()) return info;
  info.shape.emplace();
  for (const auto& extent : type.shape().dim()) {
    info.shape->push_back(extent.has_dim_value() ? extent.dim_value() : -1);
  }
  return info;
}

void check_stream(const data::SampleStream& stream, std::vector<TensorInfo> inputs) {
  if (inputs.size() != 1) {
    throw Error(
        fmt::format("a pipe of .npy arrays feeds one input, the model has {}; .npz files or "
                    "tar archives hold arrays for several",
                    inputs.size()));
  }
  const auto held = std::make_shared<const std::vector<TensorInfo>>(std::move(inputs));
  stream.check_with(
      [held](const data::NamedHeaders& headers) { engine::header_check(*held, "")(headers); });
}

}  // namespace

std::vector<TensorInfo> declared_inputs(const onnx::ModelProto& model) {
  std::set<std::string> initializers;
  for (const auto& tensor : model.graph().initializer()) initializers.insert(tensor.name());
  std::vector<TensorInfo> inputs;
  for (const auto& input : model.graph().input()) {
    if (!initializers.contains(input.name())) inputs.push_back(declared(input));
  }
  return inputs;
}

SampleInput fit_samples(const SampleInput& samples,
                        const std::function<std::vector<TensorInfo>()>& inputs) {
  SampleInput fitted = samples;
  if (samples.list && samples.list->depends_on_inputs()) {
    if (auto list = samples.list->for_inputs(inputs())) fitted.list = std::move(list);
  } else if (!samples.list && samples.stream.check_with) {
    check_stream(samples.stream, inputs());
  }
  return fitted;
}

SampleInput fit_samples(const SampleInput& samples, const engine::ModelSource& model) {
  return fit_samples(samples, [&] { return declared_inputs(engine::load_model(model).model); });
}

}  // namespace rangefinder::workflow
