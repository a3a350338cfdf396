#pragma once

#include <string>
#include <string_view>

#include "statistics/sample_set.h"
#include "workflow/run_identity.h"

namespace rangefinder::workflow {

/// The content of a checkpoint file: how far a run is. Format: docs/formats/checkpoint.md.
struct SavedRun {
  RunIdentity run = {};
  /// By their place among the samples of the run.
  statistics::SampleSet done = {};
  /// Tells apart what the samples done hold, if they passed by in a stream; else empty.
  std::string passed = {};
  /// What was gathered of them.
  std::string gathered = {};

  bool operator==(const SavedRun&) const = default;
};

/// The bytes of a file. Equal values give equal bytes.
std::string serialize(const SavedRun& saved);

/// The inverse. Throws Error naming `file` and the reason: no checkpoint, another format,
/// truncated, damaged. What was gathered is only parsed by whoever gathered it.
SavedRun parse_saved_run(std::string_view bytes, const std::string& file);

}  // namespace rangefinder::workflow
