#pragma once

#include <CLI/CLI.hpp>

namespace rangefinder::cli {

// Each adds one subcommand to the program: its options, and a callback that parses them, calls
// one library function and prints. A callback throws CLI::ValidationError on wrong usage (exit
// code 2) and anything else on failure (exit code 1). One file per subcommand.

}  // namespace rangefinder::cli
