#include "workflow/configs.h"

#include <fmt/format.h>

#include <stdexcept>
#include <unordered_map>

#include "passes/runtime_calibration.h"

namespace rangefinder::workflow {

using quantization::TensorQuantizationConfig;

PlannedConfigs plan_configs(const Plan& plan) {
  const auto& tensors = plan.annotation.tensors;
  PlannedConfigs planned{.tensors = {},
                         .configs = std::vector(tensors.size(), plan.target->activation),
                         .dominance = quantization::Dominance(tensors.size())};
  std::unordered_map<std::string, size_t> index;
  for (size_t i = 0; i < tensors.size(); ++i) {
    planned.tensors.push_back(tensors[i].name);
    index[tensors[i].name] = i;
    if (!tensors[i].fixed || tensors[i].root != tensors[i].name) continue;
    planned.configs[i].observer = passes::kPrescribed;
    planned.configs[i].activate({tensors[i].fixed->scale}, {tensors[i].fixed->zero_point});
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].root == tensors[i].name) continue;
    planned.dominance.dominate(i, index.at(tensors[i].root), planned.configs);
  }
  for (const auto& group : plan.annotation.aligned) {
    for (size_t member = 1; member < group.size(); ++member) {
      planned.dominance.master(index.at(group[member]), index.at(group.front()), planned.configs);
    }
  }
  return planned;
}

void require_complete(const Plan& plan, const PlannedConfigs& planned) {
  for (size_t i = 0; i < planned.tensors.size(); ++i) {
    if (!planned.dominance.is_root(i)) continue;
    const TensorQuantizationConfig& config = planned.configs[i];
    if (!quantization::is_active(config.state())) {
      throw std::invalid_argument(fmt::format("tensor '{}' is {}: it has no scale in force",
                                              planned.tensors[i], name_of(config.state())));
    }
    if (!config.has_same_scheme(plan.target->activation)) {
      throw std::invalid_argument(
          fmt::format("tensor '{}' is on another grid than target {} writes", planned.tensors[i],
                      plan.target->name));
    }
  }
}

}  // namespace rangefinder::workflow
