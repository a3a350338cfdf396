#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/signals.h"
#include "cli/standard_streams.h"
#include "cli/subcommands.h"
#include "rangefinder/error.h"
#include "rangefinder/printable.h"
#include "rangefinder/version.h"

namespace rangefinder::cli {
namespace {

/// Ours first and alone on its line, for programs that ask. Never fails.
std::string version_text() {
  std::string text = version() + "\nONNX Runtime ";
  try {
    const RuntimeInfo library = onnx_runtime();
    return text + library.version + ", " + printable(library.file.string());
  } catch (const Error& error) {
    return text + "none: " + error.what();
  }
}

/// Whatever fails once the user asked to stop fails because of that.
int complain(const char* message, int exit_code) {
  const int interrupted = interruption_exit_code();
  const std::string text = interrupted != 0 ? "interrupted" : printable(message);
  std::fprintf(stderr, "rangefinder: %s\n", text.c_str());
  return interrupted != 0 ? interrupted : exit_code;
}

void add_subcommands(CLI::App& app, const std::vector<std::string>& command_line) {
  app.require_subcommand(1);
  add_quantize(app, command_line);
  add_observe(app);
  add_solve(app);
  add_merge(app);
  add_inspect(app);
  add_compare(app);
  add_report(app);
  add_tensors(app);
  auto& analog = *app.add_subcommand("analog", "Input ranges of analog in-memory hardware");
  analog.require_subcommand(1);
  add_analog_calibrate(analog);
  add_analog_compare(analog);
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  CLI::App app("Finds the ranges a neural network's tensors are quantized in.", "rangefinder");
  app.set_version_flag("--version", version_text);
  add_subcommands(app, {argv, argv + argc});
  try {
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& help) {
      app.exit(help);
    }
    flush_standard_output();
    return 0;
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return 2;
  } catch (const std::invalid_argument& error) {
    return complain(error.what(), 2);
  } catch (const std::bad_alloc&) {
    return complain("out of memory", 1);
  } catch (const std::exception& error) {
    return complain(error.what(), 1);
  } catch (...) {
    return complain("an exception of an unknown kind, perhaps of a plug-in", 1);
  }
}

}  // namespace rangefinder::cli
