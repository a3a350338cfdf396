// The `rangefinder` program: selects a subcommand and turns errors into exit codes
// (0 fine, 1 failed, 2 usage).

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "base/version.h"
#include "cli/subcommands.h"

namespace {

int complain(const std::exception& error, int exit_code) {
  std::fprintf(stderr, "rangefinder: %s\n", error.what());
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rangefinder::cli;
  CLI::App app("Finds the ranges a neural network's tensors are quantized in.", "rangefinder");
  app.set_version_flag("--version", rangefinder::kVersion);
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
