#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "report/fields.h"

namespace rangefinder::report {

// Where the time of one sample goes, of a summary or of what `compare` found: what nodes take, as
// ONNX Runtime's profiler tells it. All throw std::invalid_argument as Fields does.

/// Whether a run tells times of nodes.
bool has_node_times(const Fields& run);

/// What nodes take in int8, in microseconds, by name; none without a run.
std::unordered_map<std::string, std::optional<double>> int8_times(const Fields* run);

/// Which nodes cost most, and which became slower in int8, in two sentences; empty without times.
std::string time_line(const Fields& run);

/// The nodes with their times, and how those add up to the latency; of a run that has none, why.
/// Empty for what is no run of models. `before`: the other run, or null.
std::string nodes_section(const Fields& run, const Fields* before);

}  // namespace rangefinder::report
