#pragma once

#include <span>
#include <vector>

#include "passes/atoms.h"
#include "rangefinder/run_control.h"
#include "workflow/judge.h"
#include "workflow/plan.h"
#include "workflow/samples.h"
#include "workflow/solve.h"

namespace rangefinder::workflow {

/// What each atom does alone to the judged quantity that suffers most: power of the noise over that
/// of the signal, with every other atom in float. In the atoms' order.
///
/// One session with a switch for each atom (exporters/simulation.h); activations, weights and
/// corrected biases count. Up to `most` samples, spread over those that are calibrated on: enough
/// to put atoms in order, too few to judge by; fewer of networks with many atoms, down to 4. The
/// same for any number of jobs. Cost: atoms + 1 runs of each sample. Throws Error as
/// engine::Session does.
std::vector<double> noise_of_atoms(const Plan& plan, const Solution& solution,
                                   const std::vector<passes::Atom>& atoms,
                                   const JudgedQuantities& judged, Samples& samples,
                                   const RunControl& run, size_t most = 8);

/// The atoms' numbers, the most harmful first; of equal ones the first.
std::vector<size_t> most_harmful_first(std::span<const double> noise);

}  // namespace rangefinder::workflow
