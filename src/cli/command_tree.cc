#include "cli/command_tree.h"

#include "cli/help_text.h"
#include "cli/subcommands.h"
#include "rangefinder/error.h"
#include "rangefinder/printable.h"
#include "rangefinder/version.h"

namespace rangefinder::cli {
namespace {

constexpr char kDescription[] =
    "Post-training quantization of ONNX models. Calibration runs samples of yours through a float "
    "model and finds the range of every tensor; quantization writes a model that computes in 8-bit "
    "integers (int8) within these ranges, and tells how good it is.";

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

CLI::App& add_analog(CLI::App& app) {
  auto& analog = *app.add_subcommand(
      "analog", "Input ranges of analog in-memory hardware: find them and judge them");
  analog.require_subcommand(1);
  return analog;
}

void add_commands(CLI::App& app, const std::vector<std::string>& command_line) {
  add_quantize(app, command_line, {});
  add_observe(app, {});
  add_solve(app);
  add_merge(app);
  add_inspect(app);
  add_compare(app);
  add_report(app);
  add_tensors(app);
  add_export_table(app);
  add_import_cache(app);
  auto& analog = add_analog(app);
  add_analog_calibrate(analog, {});
  add_analog_compare(analog);
  add_help(app);
  add_completion(app);
}

void add_shared_commands(CLI::App& app, const std::vector<std::string>& command_line,
                         const Rank& rank) {
  add_quantize(app, command_line, rank);
  add_observe(app, rank);
  add_analog_calibrate(add_analog(app), rank);
}

}  // namespace

std::unique_ptr<CLI::App> command_tree(const std::vector<std::string>& command_line,
                                       const Rank& rank) {
  const bool is_alone = rank.ranks == nullptr;
  auto app = std::make_unique<CLI::App>(kDescription, is_alone ? "rangefinder" : "rangefinder-mpi");
  // Commands inherit these three, so they come first.
  app->set_help_flag("-h,--help", "Print this help; 'rangefinder help COMMAND' does, too");
  app->option_defaults()->always_capture_default();
  app->formatter_fn([](const CLI::App* command, const std::string&, CLI::AppFormatMode) {
    return help_text(*command, style_of_output());
  });
  app->set_version_flag("--version", version_text,
                        "Print the version, and which ONNX Runtime is used and where it lies");
  app->require_subcommand(1);
  if (is_alone) {
    add_commands(*app, command_line);
  } else {
    add_shared_commands(*app, command_line, rank);
  }
  add_method_section(*app);
  add_target_section(*app);
  add_examples(*app, {"rangefinder quantize model.onnx --data samples/ -o model.int8.onnx",
                      "rangefinder help quantize"});
  return app;
}

}  // namespace rangefinder::cli
