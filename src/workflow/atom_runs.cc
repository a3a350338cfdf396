#include "workflow/atom_runs.h"

#include <algorithm>
#include <utility>

#include "base/cancellation.h"
#include "engine/packed_model.h"
#include "engine/switches.h"
#include "exporters/simulation.h"
#include "passes/stretches.h"

//   sample ─► [1] ─► [2] ─► [3] ─► [4] ─► judged tensors        the float model, once a sample
//                     │
//                    [2'] ─► [3] ─► [4] ─► judged tensors       for each atom of stretch 2
//
// A simulated stretch is not optimized as the float one is and rounds otherwise in the last bit.
// So what an atom changes is told by the simulated stretch with all switches off.

namespace rangefinder::workflow {
namespace {

using tensor::NamedTensors;

engine::ModelSource packed(const Plan& plan, onnx::ModelProto model) {
  engine::HeldModel held{std::move(model), plan.prepared.held};
  engine::move_weights_to_file(held);
  return engine::pack_model(held.model, plan.source.file, held.held);
}

bool is_constant(const onnx::ModelProto& model, const std::string& name) {
  const auto& constants = model.graph().initializer();
  return std::ranges::any_of(constants, [&](const auto& one) { return one.name() == name; });
}

/// Moves entries of maps to where a session takes them from, and back: tensors are large.
class Lent {
 public:
  NamedTensors& tensors() { return tensors_; }

  void take(const std::string& name, NamedTensors& from) {
    tensors_.insert(from.extract(name));
    owners_.emplace_back(name, &from);
  }

  void give_back() {
    for (const auto& [name, owner] : owners_) owner->insert(tensors_.extract(name));
  }

 private:
  NamedTensors tensors_;
  std::vector<std::pair<std::string, NamedTensors*>> owners_;
};

}  // namespace

AtomRuns::AtomRuns(const Plan& plan, const SolvedPlan& solution,
                   const std::vector<passes::Atom>& atoms, std::span<const std::string> tensors,
                   size_t most_stretches)
    : tensors_(tensors.begin(), tensors.end()) {
  for (const auto& input : plan.prepared.model.graph().input()) {
    const auto info = plan.prepared.infos.find(input.name());
    if (is_constant(plan.prepared.model, input.name()) || info == plan.prepared.infos.end())
      continue;
    inputs_.push_back({input.name(), info->second.type, info->second.shape});
  }
  const auto cut = passes::cut_into_stretches(plan.prepared, atoms, tensors, most_stretches);
  const auto owners = passes::atom_of_nodes(atoms);
  std::unordered_map<std::string, size_t> stretch_of;
  for (const passes::Stretch& stretch : cut) {
    bool has_atom = false;
    for (const auto& node : stretch.model.graph().node()) {
      stretch_of[node.name()] = stretches_.size();
      has_atom = has_atom || owners.contains(node.name());
    }
    for (const auto& name : stretch.reads) last_reader_[name] = stretches_.size();
    stretches_.push_back(
        {.reads = stretch.reads,
         .real = engine::Session(packed(plan, stretch.model), {.keeps_memory = false})});
    if (!has_atom) continue;
    stretches_.back().simulated.emplace(
        packed(plan, exporters::write_simulation(stretch.model, plan.annotation, solution.tensors,
                                                 solution.weights, atoms, *plan.target)),
        engine::SessionOptions{.has_switches = true, .keeps_memory = false});
  }
  find_spans(atoms, stretch_of);
}

void AtomRuns::find_spans(const std::vector<passes::Atom>& atoms,
                          const std::unordered_map<std::string, size_t>& stretch_of) {
  for (const passes::Atom& atom : atoms) {
    auto& span = spans_.emplace_back();
    for (const auto* nodes : {&atom.nodes, &atom.bounds}) {
      for (const std::string& node : *nodes) {
        const auto found = stretch_of.find(node);
        if (found == stretch_of.end()) continue;
        if (!span) span = {found->second, found->second};
        span->first = std::min(span->first, found->second);
        span->last = std::max(span->last, found->second);
      }
    }
  }
}

/// One sample's runs.
class AtomRuns::SampleRun {
 public:
  SampleRun(AtomRuns& runs, NamedTensors sample, std::string name)
      : runs_(runs), name_(std::move(name)), real_(std::move(sample)), off_(stretches().size()) {
    for (Stretch& stretch : stretches()) {
      for (auto& [tensor, value] : run(stretch.real, stretch)) real_[tensor] = std::move(value);
    }
    copy_asked(asked_);
  }

  void visit_atoms(const Visit& visit, const std::vector<bool>& is_wanted) {
    for (size_t stretch = 0; stretch < stretches().size(); ++stretch) {
      for (size_t atom = 0; atom < runs_.spans_.size(); ++atom) {
        if (!is_wanted.empty() && !is_wanted[atom]) continue;
        const auto& span = runs_.spans_[atom];
        // What nothing depends on comes with the first stretch.
        if ((span ? span->first : 0) != stretch) continue;
        stop_if_cancelled();
        if (span) run_atom(atom, *span);
        NamedTensors found;
        copy_asked(found);
        visit(atom, asked_, found);
        changed_.clear();
      }
      forget(stretch);
    }
  }

 private:
  std::vector<Stretch>& stretches() { return runs_.stretches_; }

  /// What is asked for, as it is now.
  void copy_asked(NamedTensors& copy) const {
    for (const std::string& name : runs_.tensors_) {
      const auto changed = changed_.find(name);
      copy[name] = changed == changed_.end() ? real_.at(name) : changed->second;
    }
  }

  NamedTensors run(engine::Session& session, const Stretch& stretch) {
    Lent lent;
    for (const std::string& name : stretch.reads) {
      lent.take(name, changed_.contains(name) ? changed_ : real_);
    }
    NamedTensors made = session.run(lent.tensors(), name_);
    lent.give_back();
    return made;
  }

  void run_atom(size_t atom, const Span& span) {
    for (size_t i = span.first; i < stretches().size(); ++i) {
      Stretch& stretch = stretches()[i];
      const bool is_simulated = i <= span.last && stretch.simulated;
      const auto is_changed = [&](const auto& name) { return changed_.contains(name); };
      if (!is_simulated && std::ranges::none_of(stretch.reads, is_changed)) continue;
      const NamedTensors& before = is_simulated ? with_switches_off(i) : real_;
      NamedTensors made;
      {
        const engine::SwitchedOn scope(atom);
        made = run(is_simulated ? *stretch.simulated : stretch.real, stretch);
      }
      for (auto& [name, value] : made) {
        if (before.at(name) != value) changed_[name] = std::move(value);
      }
    }
  }

  /// Of the float model's tensors.
  const NamedTensors& with_switches_off(size_t i) {
    if (off_[i].empty()) {
      NamedTensors changed = std::exchange(changed_, {});
      off_[i] = run(*stretches()[i].simulated, stretches()[i]);
      changed_ = std::move(changed);
    }
    return off_[i];
  }

  /// What only stretches up to this one read.
  void forget(size_t stretch) {
    off_[stretch].clear();
    for (const auto& [name, last] : runs_.last_reader_) {
      if (last == stretch && !asked_.contains(name)) real_.erase(name);
    }
  }

  AtomRuns& runs_;
  std::string name_;
  /// The sample, and what the float model makes of it.
  NamedTensors real_;
  NamedTensors asked_;
  /// For each stretch what its simulation gives without an atom; empty until it is needed.
  std::vector<NamedTensors> off_;
  /// What the atom that is run makes otherwise.
  NamedTensors changed_;
};

void AtomRuns::run(const engine::PendingSample& pending, const Visit& visit,
                   const std::vector<bool>& is_wanted) {
  NamedTensors sample = pending.read(engine::header_check(inputs_, pending.name));
  if (auto only = sample.extract("")) {
    only.key() = inputs_.at(0).name;
    sample.insert(std::move(only));
  }
  SampleRun(*this, std::move(sample), pending.name).visit_atoms(visit, is_wanted);
}

}  // namespace rangefinder::workflow
