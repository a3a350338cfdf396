#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rangefinder::bench {

/// What one process took.
struct ProcessFigures {
  double seconds = 0;
  double cpu_seconds = 0;
  uint64_t peak_bytes = 0;
};

/// Runs a program to its end, what it says thrown away. Throws std::runtime_error unless it ends
/// with 0.
ProcessFigures run_process(const std::string& program, std::vector<std::string> arguments);

/// The same with this program itself.
ProcessFigures run_self(std::vector<std::string> arguments);

}  // namespace rangefinder::bench
