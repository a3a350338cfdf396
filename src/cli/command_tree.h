#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/program.h"

namespace rangefinder::cli {

/// The program with all its commands, options, descriptions and examples: what is parsed, what the
/// help and the manual page tell, and what shells complete. `command_line`: the words that the
/// program was called with, for hints. One of several ranks has only the commands that these share.
std::unique_ptr<CLI::App> command_tree(const std::vector<std::string>& command_line = {},
                                       const Rank& rank = {});

}  // namespace rangefinder::cli
