#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/program.h"

namespace rangefinder::cli {

// Each adds one subcommand to the program: its options, and a callback that parses them, calls one
// library function and prints. A callback throws std::invalid_argument or CLI::ParseError on wrong
// usage (exit code 2) and anything else on failure (exit code 1). One file per subcommand.

/// `command_line`: the words that the program was called with, for hints.
/// `rank`: one of several processes that share the work.
void add_quantize(CLI::App& app, const std::vector<std::string>& command_line, const Rank& rank);
void add_observe(CLI::App& app, const Rank& rank);
void add_solve(CLI::App& app);
void add_merge(CLI::App& app);
void add_inspect(CLI::App& app);
void add_compare(CLI::App& app);
void add_report(CLI::App& app);
void add_tensors(CLI::App& app);
void add_help(CLI::App& app);
void add_completion(CLI::App& app);
void add_export_table(CLI::App& app);
void add_import_cache(CLI::App& app);
/// Both belong to the subcommand `analog`.
void add_analog_calibrate(CLI::App& analog, const Rank& rank);
void add_analog_compare(CLI::App& analog);

}  // namespace rangefinder::cli
