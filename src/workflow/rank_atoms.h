#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "analysis/noise_bound.h"
#include "passes/atoms.h"
#include "rangefinder/run_control.h"
#include "refine/float_order.h"
#include "workflow/atom_runs.h"
#include "workflow/judge.h"
#include "workflow/plan.h"
#include "workflow/samples.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

/// What each atom does alone to each judged quantity: power of the noise over that of the signal,
/// with every other atom in float; 0 where there is no signal. Activations, weights and corrected
/// biases count. The same for any number of jobs.
///
/// Each atom takes a run of what lies behind it (workflow/atom_runs.h). After all atoms were
/// measured on some samples, some atoms may be measured on more. What the first samples say of the
/// others is then put right by the ratio between all samples and the first ones, which these tell
/// for each quantity.
class AtomNoise {
 public:
  /// What it is given must outlive it. Throws Error as engine::Session does.
  AtomNoise(const Plan& plan, const SolvedPlan& solution, const std::vector<passes::Atom>& atoms,
            const JudgedQuantities& judged, const RunControl& run);

  /// All atoms. Throws Error: samples that cannot be run, cancellation.
  void measure(const CountedFeed& samples);
  /// Some of them, by number, on more samples. Once.
  void measure_more(const CountedFeed& samples, const std::vector<bool>& is_wanted);

  /// In the atoms' order.
  std::vector<refine::NoiseShares> shares() const;

 private:
  using Powers = std::vector<std::vector<analysis::SamplePower>>;

  void add(const CountedFeed& samples, const std::vector<bool>& is_wanted);
  Powers nothing() const;

  AtomRuns runs_;
  const JudgedQuantities& judged_;
  const RunControl& run_;
  std::vector<bool> has_more_;
  /// By atom and quantity, of the samples of all atoms, and of all samples.
  Powers first_;
  Powers total_;
};

/// AtomNoise of one measurement.
std::vector<refine::NoiseShares> noise_of_atoms(const Plan& plan, const SolvedPlan& solution,
                                                const std::vector<passes::Atom>& atoms,
                                                const JudgedQuantities& judged,
                                                const CountedFeed& samples, const RunControl& run);

/// All atoms are measured on so many samples first.
inline constexpr size_t kFirstRankingSamples = 2;

/// The atoms that more samples might bring to the other side of the bar, if so many of the order
/// are float: of those from half as many on up to half as many again the ones that are float with
/// less than four times the noise of the first that is not, and those that are not with more than a
/// quarter of the noise of the last that is. By number.
std::vector<bool> near_the_bar(std::span<const size_t> order, size_t float_count,
                               std::span<const double> noise);

/// How many samples put atoms in order: too few to judge by; fewer of networks with many atoms.
size_t ranking_sample_count(size_t atom_count);

/// Samples where none has been judged yet: at most `most`, spread over those that are calibrated
/// on; of a feed that passes by only once, held-out ones.
CountedFeed spread_samples(Samples& samples, size_t most);

/// Of the quantity that suffers most, for each atom.
std::vector<double> worst_shares(std::span<const refine::NoiseShares> noise);

/// The atoms' numbers, the most harmful first; of equal ones the first.
std::vector<size_t> most_harmful_first(std::span<const double> noise);

}  // namespace rangefinder::workflow
