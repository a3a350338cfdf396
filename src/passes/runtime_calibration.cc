#include "passes/runtime_calibration.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

#include "base/error.h"
#include "base/name_pattern.h"
#include "base/parallel.h"
#include "observers/calibrate.h"
#include "observers/guard.h"
#include "observers/known_bounds.h"
#include "observers/unseen.h"

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
  if (!override_active || activations[index].config.observer == kPrescribed) return false;
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
    seen_ = activations[members.front()].seen;
    if (members.size() == 1) return;
    for (const size_t i : members) add(activations[i]);
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
    if (!rows_) {
      rows_ = *seen.rows;
      seen_.row_axis = seen.row_axis;
    } else if (seen.row_axis == seen_.row_axis) {
      rows_->merge(*seen.rows);
    } else {
      throw Error("has rows along axis " + std::to_string(seen.row_axis) +
                      ", others of its aligned group along axis " + std::to_string(seen_.row_axis),
                  {.tensor = activation.name});
    }
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

// The calibration of one root, before anything is written.
struct Planned {
  size_t root;
  std::vector<size_t> members;
  std::string method;
  /// Nobody asked for the method by the tensor's name: what it clips is watched.
  bool is_watched = false;
  /// Null: nothing bounds the values but the data.
  const quantization::Range* bounds = nullptr;
  std::unique_ptr<observers::Observer> observer = {};
  observers::Solution solution = {};
};

// Runs `work` on one tensor; errors without a place get its name.
void naming(const std::string& tensor, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    throw error.within({.tensor = tensor});
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument("Tensor '" + tensor + "': " + error.what());
  }
}

bool saw_data(const Planned& planned, std::span<const Activation> activations) {
  if (!planned.observer->needs().statistics) return true;  // it tells by itself
  for (const size_t i : planned.members) {
    for (const statistics::TensorStatistics& channel : activations[i].seen.channels) {
      if (channel.extrema.has_range()) return true;
    }
  }
  return false;
}

void require_data(const std::vector<Planned>& plan, std::span<const Activation> activations) {
  std::string names;
  size_t missing = 0;
  for (const Planned& planned : plan) {
    if (saw_data(planned, activations)) continue;
    if (++missing > kNameLimit) continue;
    names += (names.empty() ? "'" : ", '") + activations[planned.root].name + "'";
  }
  if (missing == 0) return;
  if (missing > kNameLimit) names += " and " + std::to_string(missing - kNameLimit) + " more";
  throw Error("no data reached these tensors, so they have no range: " + names);
}

// The observers that want raw batches get them, all in the same passes.
class RawPasses {
 public:
  RawPasses(std::vector<Planned>& plan, std::span<const Activation> activations)
      : activations_(activations) {
    for (Planned& planned : plan) {
      const size_t count = planned.observer->needs().raw_pass_count;
      if (count > 0) viewers_.push_back(&planned);
      pass_count_ = std::max(pass_count_, count);
    }
  }

  void run(const RawPass& raw_pass) {
    if (viewers_.empty()) return;
    if (!raw_pass) {
      const Planned& first = *viewers_.front();
      throw std::invalid_argument(
          "The method '" + first.method + "' must see the raw batches of '" +
          activations_[first.root].name + "': it cannot be solved from statistics.");
    }
    for (size_t pass = 0; pass < pass_count_; ++pass) show(pass, raw_pass);
  }

 private:
  void show(size_t pass, const RawPass& raw_pass) {
    std::map<size_t, Planned*> viewer_of;
    std::vector<size_t> wanted;
    for (Planned* planned : viewers_) {
      if (planned->observer->needs().raw_pass_count <= pass) continue;
      naming(name(*planned), [&] { planned->observer->begin_pass(pass); });
      for (const size_t member : planned->members) {
        viewer_of[member] = planned;
        wanted.push_back(member);
      }
    }
    raw_pass(wanted, [&](size_t activation, const tensor::TensorView& batch) {
      Planned& planned = *viewer_of.at(activation);
      naming(name(planned), [&] { planned.observer->observe(batch); });
    });
  }

  const std::string& name(const Planned& planned) const { return activations_[planned.root].name; }

  std::span<const Activation> activations_;
  std::vector<Planned*> viewers_;
  size_t pass_count_ = 0;
};

void solve(Planned& planned, std::span<const Activation> activations, bool leaves_room) {
  const Activation& root = activations[planned.root];
  naming(root.name, [&] {
    const GroupView group(planned.members, activations);
    planned.solution =
        observers::solve(*planned.observer, planned.method, group.seen(), root.config);
    if (!planned.is_watched) return;
    if (planned.bounds != nullptr) {
      observers::keep_seen(planned.method, *planned.bounds, group.seen(), root.config,
                           planned.solution);
    } else {
      observers::guard(planned.method, group.seen(), root.config, planned.solution);
      if (leaves_room) {
        observers::leave_room(planned.method, group.seen(), root.config, planned.solution);
      }
    }
  });
}

// On all cores, except for observers that want to be alone.
void solve(std::vector<Planned>& plan, std::span<const Activation> activations, bool leaves_room) {
  const auto solve_those = [&](bool concurrent, size_t i) {
    if (plan[i].observer->solves_concurrently() == concurrent) {
      solve(plan[i], activations, leaves_room);
    }
  };
  parallel_for(plan.size(), [&](size_t i) { solve_those(true, i); });
  for (size_t i = 0; i < plan.size(); ++i) solve_those(false, i);
}

// The calibrated form of a config; the original stays as it is until all are known to be good.
TensorQuantizationConfig activated(const Planned& planned, TensorQuantizationConfig config) {
  if (config.state() == State::kPassive) config.move_to(State::kInitial);
  observers::activate(planned.solution, config);
  config.observer = planned.method;
  return config;
}

}  // namespace

const std::string* RuntimeCalibration::named_method(const std::string& tensor) const {
  const auto others = other_names.find(tensor);
  for (const auto& [text, chosen] : method_for) {
    const NamePattern pattern(text);
    const auto fits = [&](const std::string& name) { return pattern.fits(name); };
    if (fits(tensor) || (others != other_names.end() &&
                         std::any_of(others->second.begin(), others->second.end(), fits))) {
      return &chosen;
    }
  }
  return nullptr;
}

std::string RuntimeCalibration::method_of(const std::string& tensor,
                                          const TensorQuantizationConfig& config) const {
  if (const std::string* named = named_method(tensor)) return observers::canonical_method(*named);
  if (!method.empty()) return observers::canonical_method(method);
  if (!config.observer.empty()) return observers::canonical_method(config.observer);
  throw std::invalid_argument("No calibration method was given for '" + tensor + "'.");
}

std::vector<CalibratedActivation> RuntimeCalibration::run(std::span<Activation> activations,
                                                          const Dominance& dominance,
                                                          std::span<const Parameter> parameters,
                                                          const RawPass& raw_pass) const {
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
    const Activation& root = activations[i];
    const auto bounds = known_bounds.find(root.name);
    plan.push_back({.root = i,
                    .members = aligned_group(i, activations, dominance),
                    .method = method_of(root.name, root.config),
                    .is_watched = named_method(root.name) == nullptr,
                    .bounds = bounds == known_bounds.end() ? nullptr : &bounds->second});
    naming(root.name, [&] {
      root.config.check();
      plan.back().observer = observers::registry().create(plan.back().method, root.config, options);
    });
  }
  require_data(plan, activations);
  RawPasses(plan, activations).run(raw_pass);
  solve(plan, activations, leaves_room);
  std::vector<TensorQuantizationConfig> configs;
  for (const Activation& activation : activations) configs.push_back(activation.config);
  std::vector<CalibratedActivation> calibrated;
  for (Planned& planned : plan) {
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
