#pragma once

namespace rangefinder::cli {

/// The whole program: selects a subcommand, runs it, and turns what it throws into a message and an
/// exit code: 0 fine, 1 failed, 2 wrong usage, 128 and the signal's number when interrupted.
int run_program(int argc, const char* const* argv);

}  // namespace rangefinder::cli
