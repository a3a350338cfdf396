#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rangefinder::support {

/// What a program that has ended left behind.
struct ProgramResult {
  int exit_code;
  std::string output;
  std::string errors;
};

/// Runs a program with arguments (no shell in between) and waits for it.
/// Throws std::runtime_error if it cannot be started or was ended by a signal.
ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments);

/// As run_program(), but sends `signal` to the program as soon as it has written something to its
/// standard error.
ProgramResult interrupt_program(const std::string& program,
                                const std::vector<std::string>& arguments, int signal);

/// As run_program(), but the program is killed after so many microseconds, as by kill -9; nothing
/// if it had not ended by then.
std::optional<ProgramResult> kill_program(const std::string& program,
                                          const std::vector<std::string>& arguments,
                                          unsigned microseconds);

}  // namespace rangefinder::support
