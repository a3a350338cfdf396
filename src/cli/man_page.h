#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace rangefinder::cli {

/// The program's manual page, for man(1), in the man macros of roff: all commands in one page, from
/// the same descriptions as the help.
std::string man_page(const CLI::App& program);

}  // namespace rangefinder::cli
