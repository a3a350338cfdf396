#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "base/version.h"
#include "cli/subcommands.h"

namespace rangefinder::cli {
namespace {

int complain(const std::exception& error, int exit_code) {
  std::fprintf(stderr, "rangefinder: %s\n", error.what());
  return exit_code;
}

void add_subcommands(CLI::App& app) {
  app.require_subcommand(1);
  add_quantize(app);
  add_observe(app);
  add_solve(app);
  add_merge(app);
  add_inspect(app);
  add_compare(app);
  add_tensors(app);
  auto& analog = *app.add_subcommand("analog", "Input ranges of analog in-memory hardware");
  analog.require_subcommand(1);
  add_analog_calibrate(analog);
  add_analog_compare(analog);
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  CLI::App app("Finds the ranges a neural network's tensors are quantized in.", "rangefinder");
  app.set_version_flag("--version", kVersion);
  add_subcommands(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return 2;
  } catch (const std::invalid_argument& error) {
    return complain(error, 2);
  } catch (const std::exception& error) {
    return complain(error, 1);
  }
}

}  // namespace rangefinder::cli
