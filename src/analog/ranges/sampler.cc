#include "analog/ranges/sampler.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/error.h"

namespace rangefinder::analog {
namespace {

tensor::NamedTensors named(ModelInputs inputs, const std::vector<std::string>& names,
                           const std::string& sample) {
  if (inputs.positional.size() > names.size()) {
    throw Error(fmt::format("{} has {} positional inputs; the model takes {}", sample,
                            inputs.positional.size(), names.size()));
  }
  for (size_t i = 0; i < inputs.positional.size(); ++i) {
    const bool is_new = inputs.named.emplace(names[i], std::move(inputs.positional[i])).second;
    if (!is_new) throw Error(fmt::format("{} gives the input '{}' twice", sample, names[i]));
  }
  return std::move(inputs.named);
}

}  // namespace

engine::SampleFeed feed_from(Sampler sampler, std::vector<std::string> input_names,
                             const SamplerOptions& options) {
  return [sampler = std::move(sampler), names = std::move(input_names), options,
          count = uint64_t{0}]() mutable -> std::optional<engine::PendingSample> {
    if (options.sample_limit && count >= *options.sample_limit) return std::nullopt;
    if (!options.sample_limit && count >= options.endless_after) {
      throw Error(
          fmt::format("the data has not ended after {} samples; set a sample limit", count));
    }
    std::optional<ModelInputs> inputs = sampler();
    if (!inputs) return std::nullopt;
    const std::string name = fmt::format("sample {}", count++);
    auto tensors = std::make_shared<tensor::NamedTensors>(named(std::move(*inputs), names, name));
    return engine::PendingSample{name, [tensors](const auto&) { return std::move(*tensors); }};
  };
}

std::vector<std::string> input_names(const onnx::ModelProto& model) {
  std::set<std::string> initializers;
  for (const auto& tensor : model.graph().initializer()) initializers.insert(tensor.name());
  std::vector<std::string> names;
  for (const auto& input : model.graph().input()) {
    if (!initializers.contains(input.name())) names.push_back(input.name());
  }
  return names;
}

}  // namespace rangefinder::analog
