// The `rangefinder` program: selects a subcommand and turns errors into exit codes
// (0 fine, 1 failed, 2 usage).

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/subcommands.h"

int main(int argc, char** argv) {
  CLI::App app("Finds the ranges a neural network's tensors are quantized in.", "rangefinder");
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rangefinder: %s\n", error.what());
    return 1;
  }
}
