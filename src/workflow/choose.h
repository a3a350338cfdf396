#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/known_outputs.h"
#include "engine/model_source.h"
#include "report/summary.h"
#include "workflow/candidate.h"
#include "workflow/decisions.h"
#include "workflow/samples.h"
#include "workflow/widen.h"

namespace rangefinder::workflow {

/// What an output must reach, in dB, where nobody says otherwise: below, tasks suffer
/// (docs/accuracy.md).
inline constexpr double kDefaultAim = 20;
/// With fewer samples than this, nothing is chosen that was not asked for: they judge badly.
inline constexpr size_t kLeastSamples = 8;

/// What nodes are left float for.
struct ChoiceOptions {
  /// Every judged output is to reach so many dB.
  std::optional<double> min_sqnr = {};
  /// The user's own figure of a model, higher is better, and by how much it may be lower than that
  /// of the float model.
  std::function<double(const engine::ModelSource&)> metric = {};
  double max_drop = 0;
  /// Leave float what integers make slower here.
  bool fastest = false;
  /// Where decisions are kept: read if the file is there, and written if not.
  std::filesystem::path decisions = {};

  bool is_asked() const { return min_sqnr || metric || fastest || !decisions.empty(); }
};

/// Throws std::invalid_argument: numbers that are none, a drop without a metric or below 0.
void require_valid(const ChoiceOptions& options);

/// What is left float is chosen by kernels that run here; by the reference (workflow/reference.h)
/// where the target has wider codes to give before that.
bool can_choose(const targets::Target& target);

/// Throws std::invalid_argument naming the target if a choice is asked for that there is none of,
/// or one by time, which only kernels that run here tell.
void require_choice(const ChoiceOptions& options, const targets::Target& target);

/// With the default aim where nothing says what accuracy is needed: a model that is quick or kept
/// in a file is to be a good one, too. Not with Effort::kFast, unless nothing else is asked for.
ChoiceOptions completed(ChoiceOptions options, Effort effort);

/// Whether an output that was measured misses the default aim (report::judged_db()), and there are
/// enough samples to do something about it.
bool is_choice_due(const report::Summary& summary);

/// Gives nodes that were left float by choice that as their reason.
void explain_float_nodes(report::Summary& summary);

/// What was chosen.
struct Choice {
  Candidate chosen;
  /// Empty if decisions were read: then nothing was measured.
  std::optional<report::ChoiceRow> row = {};
  Decisions decisions = {};
  /// Decisions are new, and their file is to be written.
  bool is_new = true;
  std::vector<std::string> notes = {};
};

/// Leaves float what harms what is asked for, and no more (docs/numerics/choice.md): parts are
/// ranked by their noise, as many of the most harmful as a bisection finds necessary are left
/// float, each try a real model on the kernels that users get.
///
/// Where the target has wider codes (`solve_wide`), parts get those instead, as many as needed;
/// only if all of them are not enough, some are left float, and of the others as many get their own
/// codes back as can.
///
/// `integers` is everything that can be in integers, exported; what it excludes already stays so.
/// If all must be float, the model is the prepared float model. `known`: see Judge. Throws Error:
/// decisions that do not fit, samples that cannot be run, cancellation; what the metric throws.
Choice choose(Candidate integers, Samples& samples, const ChoiceOptions& options,
              const RunControl& run, const std::string& output, const SolveWide& solve_wide = {},
              analysis::KnownOutputs* known = nullptr);

/// The candidate as a decisions file has it; nothing is measured. Throws Error.
Choice follow_decisions(const Candidate& integers, const std::filesystem::path& file,
                        const std::string& output, const SolveWide& solve_wide = {});

}  // namespace rangefinder::workflow
