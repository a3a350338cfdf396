#pragma once

#include <string>

#include "report/fields.h"

namespace rangefinder::report {

// The parts of a page that tell of a run as a whole. Each is empty where there is nothing to tell,
// and throws std::invalid_argument as Fields does.

/// How good the result is, why it is not better, what to try.
std::string verdict_section(const Fields& summary);
/// What was done and what it gave, in figures: of a summary or of what `compare` found.
std::string facts_section(const Fields& run);
/// What is wrong with the samples.
std::string data_checks_section(const Fields& summary);
/// What was done to make the model better: norms, biases, embeddings, LSTMs, choices.
std::string refinement_section(const Fields& summary);
/// Notes, and samples that were left out.
std::string notes_section(const Fields& run);

}  // namespace rangefinder::report
