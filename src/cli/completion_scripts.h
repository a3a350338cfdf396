#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace rangefinder::cli {

// Each makes a script by which a shell completes the program's commands, options and values, from
// the same tree as the help. The scripts need nothing but the shell itself.

std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);
std::string fish_completion(const CLI::App& program);

}  // namespace rangefinder::cli
