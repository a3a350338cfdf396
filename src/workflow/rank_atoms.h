#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "passes/atoms.h"
#include "rangefinder/run_control.h"
#include "refine/float_order.h"
#include "workflow/judge.h"
#include "workflow/plan.h"
#include "workflow/samples.h"
#include "workflow/solved_plan.h"

namespace rangefinder::workflow {

/// What each atom does alone to each judged quantity: power of the noise over that of the signal,
/// with every other atom in float; 0 where there is no signal. In the atoms' order.
///
/// One session with a switch for each atom (exporters/simulation.h); activations, weights and
/// corrected biases count. The same for any number of jobs. Cost: atoms + 1 runs of each sample.
/// Throws Error as engine::Session does.
std::vector<refine::NoiseShares> noise_of_atoms(const Plan& plan, const SolvedPlan& solution,
                                                const std::vector<passes::Atom>& atoms,
                                                const JudgedQuantities& judged,
                                                const CountedFeed& samples, const RunControl& run);

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
