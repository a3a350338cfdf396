#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/command_tree.h"
#include "cli/help_text.h"
#include "cli/signals.h"
#include "cli/standard_streams.h"
#include "rangefinder/printable.h"

namespace rangefinder::cli {
namespace {

using Words = std::vector<std::string>;

/// Whatever fails once the user asked to stop fails because of that.
int complain(const Rank& rank, const std::string& message, int exit_code) {
  const int interrupted = interruption_exit_code();
  if (interrupted == 0 && rank.is_silent && rank.is_silent()) return exit_code;
  const std::string text = interrupted != 0 ? "interrupted" : printable(message);
  const std::string who = rank.name.empty() ? "" : printable(rank.name) + ": ";
  std::fprintf(stderr, "rangefinder: %s%s\n", who.c_str(), text.c_str());
  return interrupted != 0 ? interrupted : exit_code;
}

int complain_of_usage(const Rank& rank, const CLI::App& program, const Words& words,
                      const CLI::ParseError& error) {
  if (!rank.is_first()) return 2;  // The first says it for all.
  const CLI::App& command = command_of(program, words);
  const std::string path = path_of(command);
  std::string message = error.what();
  if (!shown_commands(command).empty()) {
    message = path.empty() ? "a command is needed" : path + ": one of its commands is needed";
  } else if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    message += missing_argument_hint(command);
  }
  const int exit_code = complain(rank, message, 2);
  std::fprintf(stderr, "usage: %s\n'rangefinder help%s%s' tells more\n", usage_of(command).c_str(),
               path.empty() ? "" : " ", path.c_str());
  return exit_code;
}

void run_words(const Rank& rank, CLI::App& program, const Words& words) {
  Words read = understood(program, words);
  std::reverse(read.begin(), read.end());  // As CLI11 wants them.
  try {
    program.parse(std::move(read));
  } catch (const CLI::Success& help) {
    if (rank.is_first()) program.exit(help);
  }
}

}  // namespace

int run_program(int argc, const char* const* argv, const Rank& rank) {
  const auto program = command_tree({argv, argv + argc}, rank);
  const Words words(argv + std::min(argc, 1), argv + argc);
  try {
    run_words(rank, *program, words);
    flush_standard_output();
    return 0;
  } catch (const CLI::ParseError& error) {
    return complain_of_usage(rank, *program, words, error);
  } catch (const std::invalid_argument& error) {
    return complain(rank, error.what(), 2);
  } catch (const std::bad_alloc&) {
    return complain(rank, "out of memory", 1);
  } catch (const std::exception& error) {
    return complain(rank, error.what(), 1);
  } catch (...) {
    return complain(rank, "an exception of an unknown kind, perhaps of a plug-in", 1);
  }
}

}  // namespace rangefinder::cli
