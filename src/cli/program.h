#pragma once

#include <functional>
#include <string>

#include "rangefinder/communicator.h"

namespace rangefinder::cli {

/// The process among several that run the same command line.
struct Rank {
  /// Null: there is but one.
  Communicator* ranks = nullptr;
  /// What messages call it: "rank 3 on host7".
  std::string name = {};
  /// Whether it leaves it to another one to tell why it ends; none: it never does.
  std::function<bool()> is_silent = {};

  bool is_first() const { return ranks == nullptr || ranks->rank() == 0; }
};

/// The whole program: selects a subcommand, runs it, and turns what it throws into a message and an
/// exit code: 0 fine, 1 failed, 2 wrong usage, 128 and the signal's number when interrupted.
///
/// As one of several ranks it knows only the subcommands that these can share, and all but the
/// first print nothing but errors.
int run_program(int argc, const char* const* argv, const Rank& rank = {});

}  // namespace rangefinder::cli
