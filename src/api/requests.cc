#include "api/requests.h"

#include <stdexcept>

#include "api/model_state.h"
#include "api/samples_state.h"
#include "observers/registry.h"
#include "targets/target.h"
#include "workflow/fit_samples.h"

namespace rangefinder {

workflow::PlanOptions plan_options(const PlanOptions& options) {
  workflow::PlanOptions result{.exclude = options.exclude};
  if (!options.target.empty()) result.target = &targets::find_target(options.target);
  return result;
}

passes::RuntimeCalibration calibration_of(const Method& method, const PlanOptions& plan) {
  const auto& config = plan_options(plan).target_or_default().activation;
  passes::RuntimeCalibration result{.options = method.options};
  // Made once to see that it can be made, before the work.
  const auto known = [&](const std::string& name) {
    observers::registry().create(name, config, method.options);
    return observers::canonical_method(name);
  };
  if (!method.name.empty()) result.method = known(method.name);
  for (const auto& [pattern, name] : method.for_tensors) {
    result.method_for.emplace_back(pattern, known(name));
  }
  return result;
}

workflow::SplitOptions split_options(const SplitOptions& options, const Model& model) {
  workflow::SplitOptions result{.samples = options.samples, .most_held_out = options.most_held_out};
  if (options.held_out) result.held_out = input_for(model, *options.held_out);
  return result;
}

workflow::SampleInput input_for(const Model& model, const SampleSource& samples) {
  return workflow::fit_samples(samples.state().input, model.state().source);
}

workflow::PassOptions pass_options(const Checkpoint& checkpoint, Communicator* ranks) {
  if (checkpoint.file.empty() && checkpoint.every != 0) {
    throw std::invalid_argument("a number of samples to save after needs a checkpoint file");
  }
  if (checkpoint.file.empty() && checkpoint.resume) {
    throw std::invalid_argument("resume: to go on from what needs a checkpoint file");
  }
  workflow::PassOptions options{.checkpoint = checkpoint, .ranks = ranks};
  if (checkpoint.resume && options.is_first()) workflow::require_checkpoint(checkpoint.file);
  return options;
}

}  // namespace rangefinder
