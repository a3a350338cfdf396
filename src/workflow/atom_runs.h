#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/sample_pass.h"
#include "engine/session.h"
#include "passes/atoms.h"
#include "workflow/plan.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

/// Runs a network with one atom at a time in integers and all others in float.
///
/// What stands before the atom computes what the float model does, and so need not run again: the
/// model is cut into stretches (passes/stretches.h), the float model's tensors at the cuts are kept
/// while a sample is run, and an atom costs the stretches that it stands in, simulated
/// (exporters/simulation.h), and those behind them that read something it changed, in float as
/// users run them.
class AtomRuns {
 public:
  /// `tensors` are what is asked for; `most_stretches` bounds sessions, two for each. What it is
  /// given must outlive it. Throws Error as engine::Session does.
  AtomRuns(const Plan& plan, const SolvedPlan& solution, const std::vector<passes::Atom>& atoms,
           std::span<const std::string> tensors, size_t most_stretches = 24);

  /// The tensors of a run.
  using Visit = std::function<void(size_t atom, const tensor::NamedTensors& real,
                                   const tensor::NamedTensors& found)>;

  /// Calls `visit` for each atom of `is_wanted`, by number, or all if that is empty; those of the
  /// first stretch first: with what the float model gives, and with what it gives with this atom in
  /// integers, bit for bit the same where the atom has no effect. Several threads may do so at a
  /// time. Throws Error as engine::Session::run() and the sample's read() do.
  void run(const engine::PendingSample& pending, const Visit& visit,
           const std::vector<bool>& is_wanted = {});

 private:
  struct Stretch {
    std::vector<std::string> reads;
    engine::Session real;
    /// Where an atom has nodes.
    std::optional<engine::Session> simulated = {};
  };
  /// The first and last stretch that an atom has nodes in.
  struct Span {
    size_t first;
    size_t last;
  };
  class SampleRun;

  void find_spans(const std::vector<passes::Atom>& atoms,
                  const std::unordered_map<std::string, size_t>& stretch_of);

  std::vector<std::string> tensors_;
  std::vector<Stretch> stretches_;
  /// By atom; empty: nothing that is asked for depends on it.
  std::vector<std::optional<Span>> spans_;
  /// By tensor that crosses a cut: the last stretch that reads it.
  std::unordered_map<std::string, size_t> last_reader_;
  std::vector<engine::TensorInfo> inputs_;
};

}  // namespace rangefinder::workflow
