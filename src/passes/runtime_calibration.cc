#include "passes/runtime_calibration.h"

#include <fnmatch.h>

#include <memory>
#include <stdexcept>

#include "base/error.h"
#include "observers/calibrate.h"

namespace rangefinder::passes {
namespace {

using quantization::Dominance;
using quantization::State;
using quantization::TensorQuantizationConfig;
using Channels = std::vector<statistics::TensorStatistics>;

// Names in a message before "and N more".
constexpr size_t kNameLimit = 10;

bool is_mastered(State state) { return state == State::kPassive || state == State::kPassiveInit; }

// Members of an aligned group: the root, and those that are in force with its parameters.
// OVERLAPPED ones are the root's very tensor and would count twice.
std::vector<size_t> aligned_group(size_t root, std::span<const Activation> activations,
                                  const Dominance& dominance) {
  std::vector<size_t> members;
  for (const size_t i : dominance.group(root)) {
    if (i == root || is_mastered(activations[i].config.state())) members.push_back(i);
  }
  return members;
}

bool is_due(size_t index, bool override_active, std::span<const Activation> activations,
            const Dominance& dominance) {
  const State state = activations[index].config.state();
  if (!dominance.is_root(index)) return false;
  if (state == State::kInitial) return true;
  if (!override_active) return false;
  if (state == State::kActivated) return true;
  return state == State::kPassive && aligned_group(index, activations, dominance).size() > 1;
}

void refuse_if_passive_parameters_are_quantized(std::span<const Parameter> parameters) {
  for (const Parameter& parameter : parameters) {
    const State state = parameter.config.state();
    if (state != State::kPassive && state != State::kPassiveBaked) continue;
    throw std::invalid_argument("The passive parameter '" + parameter.name +
                                "' is already quantized (" + std::string(name_of(state)) +
                                ") with the activations' scales: runtime calibration must "
                                "run before the passive-parameter pass.");
  }
}

// What the members of a group saw, together.
class GroupView {
 public:
  GroupView(const std::vector<size_t>& members, std::span<const Activation> activations) {
    for (const size_t i : members) add(activations[i]);
    seen_ = activations[members.front()].seen;
    if (members.size() == 1) return;
    seen_.channels = channels_;
    seen_.batches = batches_;
    if (rows_) seen_.rows = &*rows_;
  }
  GroupView(const GroupView&) = delete;
  GroupView& operator=(const GroupView&) = delete;

  const observers::Observations& seen() const { return seen_; }

 private:
  void add(const Activation& activation) {
    const observers::Observations& seen = activation.seen;
    if (seen.channels.empty()) return;
    if (channels_.empty()) {
      channels_.assign(seen.channels.begin(), seen.channels.end());
      batches_.assign(seen.batches.begin(), seen.batches.end());
    } else {
      merge(activation);
    }
    if (seen.rows == nullptr) return;
    if (rows_)
      rows_->merge(*seen.rows);
    else
      rows_ = *seen.rows;
  }

  void merge(const Activation& activation) {
    const observers::Observations& seen = activation.seen;
    if (seen.channels.size() != channels_.size() || seen.batches.size() != batches_.size()) {
      throw Error("The tensor has " + std::to_string(seen.channels.size()) +
                      " channels, others of its aligned group have " +
                      std::to_string(channels_.size()) + ".",
                  {.tensor = activation.name});
    }
    for (size_t c = 0; c < channels_.size(); ++c) channels_[c].merge(seen.channels[c]);
    for (size_t c = 0; c < batches_.size(); ++c) batches_[c].merge(seen.batches[c]);
  }

  Channels channels_;
  std::vector<statistics::BatchFigures> batches_;
  std::optional<statistics::RowTop> rows_;
  observers::Observations seen_;
};

bool saw_data(const std::vector<size_t>& members, std::span<const Activation> activations) {
  for (const size_t i : members) {
    for (const statistics::TensorStatistics& channel : activations[i].seen.channels) {
      if (channel.extrema.has_range()) return true;
    }
    if (activations[i].batches) return true;
  }
  return false;
}

// The calibration of one root, before anything is written.
struct Planned {
  size_t root;
  std::vector<size_t> members;
  std::string method;
  observers::Solution solution = {};
};

void require_data(const std::vector<Planned>& plan, std::span<const Activation> activations) {
  std::string names;
  size_t missing = 0;
  for (const Planned& planned : plan) {
    if (saw_data(planned.members, activations)) continue;
    if (++missing > kNameLimit) continue;
    names += (names.empty() ? "'" : ", '") + activations[planned.root].name + "'";
  }
  if (missing == 0) return;
  if (missing > kNameLimit) names += " and " + std::to_string(missing - kNameLimit) + " more";
  throw Error("No data reached these tensors, so they have no range: " + names + ".");
}

observers::Solution solve(const Planned& planned, std::span<const Activation> activations,
                          const observers::CalibrationOptions& options) {
  const Activation& root = activations[planned.root];
  try {
    const auto observer = observers::registry().create(planned.method, root.config, options);
    if (observer->needs().raw_pass_count > 0 && root.batches) {
      return observers::run(*observer, root.config, [&](const observers::BatchVisitor& visitor) {
        for (const size_t i : planned.members) {
          if (activations[i].batches) activations[i].batches(visitor);
        }
      });
    }
    const GroupView group(planned.members, activations);
    return observers::solve(planned.method, options, group.seen(), root.config);
  } catch (const Error& error) {
    if (!error.place().tensor.empty()) throw;
    throw Error(error.what(), {.tensor = root.name});
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument("Tensor '" + root.name + "': " + error.what());
  }
}

// The calibrated form of a config; the original stays as it is until all are known to be good.
TensorQuantizationConfig activated(const Planned& planned, TensorQuantizationConfig config) {
  if (config.state() == State::kPassive) config.move_to(State::kInitial);
  observers::activate(planned.solution, config);
  config.observer = planned.method;
  return config;
}

}  // namespace

std::string RuntimeCalibration::method_of(const Activation& activation) const {
  for (const auto& [pattern, chosen] : method_for) {
    if (fnmatch(pattern.c_str(), activation.name.c_str(), 0) == 0) {
      return observers::canonical_method(chosen);
    }
  }
  if (!method.empty()) return observers::canonical_method(method);
  if (!activation.config.observer.empty()) {
    return observers::canonical_method(activation.config.observer);
  }
  throw std::invalid_argument("No calibration method was given for '" + activation.name + "'.");
}

std::vector<CalibratedActivation> RuntimeCalibration::run(
    std::span<Activation> activations, const Dominance& dominance,
    std::span<const Parameter> parameters) const {
  if (dominance.size() != activations.size()) {
    throw std::invalid_argument("Dominance knows " + std::to_string(dominance.size()) +
                                " configs, there are " + std::to_string(activations.size()) +
                                " activations.");
  }
  check_methods();
  refuse_if_passive_parameters_are_quantized(parameters);
  std::vector<Planned> plan;
  for (size_t i = 0; i < activations.size(); ++i) {
    if (!is_due(i, override_active, activations, dominance)) continue;
    plan.push_back({i, aligned_group(i, activations, dominance), method_of(activations[i])});
  }
  require_data(plan, activations);
  std::vector<TensorQuantizationConfig> configs;
  for (const Activation& activation : activations) configs.push_back(activation.config);
  std::vector<CalibratedActivation> calibrated;
  for (Planned& planned : plan) {
    planned.solution = solve(planned, activations, options);
    configs[planned.root] = activated(planned, configs[planned.root]);
    calibrated.push_back(
        {activations[planned.root].name, planned.method, std::move(planned.solution.figures)});
  }
  dominance.propagate(configs);
  for (size_t i = 0; i < activations.size(); ++i) activations[i].config = std::move(configs[i]);
  return calibrated;
}

void RuntimeCalibration::check_methods() const {
  const auto check = [](const std::string& name) {
    if (!name.empty() && !observers::registry().contains(name)) {
      observers::registry().create(name, {}, {});  // throws, listing the known ones
    }
  };
  check(method);
  for (const auto& [pattern, chosen] : method_for) check(chosen);
}

}  // namespace rangefinder::passes
