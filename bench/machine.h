#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace rangefinder::bench {

/// Ends the program with exit code 1 unless it was built for release.
void require_release_build(const char* program);

/// "AMD EPYC, 2 cores, GCC 12.2.0": what figures depend on.
std::string machine();

/// Writes `result`, with the machine added, as one line to `file`; to standard output if "-".
void write_json(nlohmann::ordered_json result, const std::string& file);

}  // namespace rangefinder::bench
