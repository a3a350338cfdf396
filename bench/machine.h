#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace rangefinder::bench {

/// What a benchmark's main() does: calls `run`, if this is a release build; what that throws goes
/// to standard error. Returns the exit code.
int run_program(const char* program, int (*run)(int argc, char** argv), int argc, char** argv);

/// "AMD EPYC, 2 cores, GCC 12.2.0": what figures depend on.
std::string machine();

/// Writes `result`, with the machine added, as one line to `file`; to standard output if "-".
void write_json(nlohmann::ordered_json result, const std::string& file);

}  // namespace rangefinder::bench
