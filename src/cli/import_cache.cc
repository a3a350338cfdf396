#include "rangefinder/import_cache.h"

#include <memory>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path cache;
  std::filesystem::path model;
  std::filesystem::path output;
  bool calibrate_missing = false;
  bool json = false;
  DataArguments data;
  MethodArguments method;
  RunArguments run;
};

void run(const Arguments& arguments) {
  Progress progress(arguments.run.shown_progress());
  ImportCacheOptions options{.output = arguments.output,
                             .run = run_control(arguments.run, progress)};
  if (arguments.calibrate_missing) {
    options.missing_data = arguments.data.source(options.run);
    options.samples = arguments.data.limit();
    options.method = arguments.method.parse();
  }
  const ImportedCache imported =
      import_cache(arguments.cache, Model::load(arguments.model), options);
  progress.finish();
  print(arguments.json ? imported.report.json() : imported.report.table());
}

/// What is about the samples is wrong usage where there are none.
void add_calibration_options(CLI::App& command, Arguments& arguments) {
  auto* flag = command.add_flag("--calibrate-missing", arguments.calibrate_missing,
                                "Calibrate tensors that the cache lacks on the samples of --data; "
                                "without, what reads them stays float");
  const size_t first = command.get_options().size();
  add_data_options(command, arguments.data);
  command.add_option("--method", arguments.method.method.name, "Calibration method for those")
      ->type_name("METHOD");
  add_nonfinite_option(command, arguments.run);
  const auto options = command.get_options();
  for (size_t i = first; i < options.size(); ++i) options[i]->needs(flag);
  flag->needs(command.get_option("--data")->required(false));
}

}  // namespace

void add_import_cache(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "import-cache",
      "Make a calibration cache of TensorRT into QuantizeLinear and DequantizeLinear");
  command.add_option("CACHE", arguments->cache, "Calibration cache of TensorRT 5 to 10")
      ->type_name("FILE")
      ->required();
  command.add_option("MODEL", arguments->model, "The float ONNX model that it is of")
      ->type_name(kModelFile)
      ->required();
  add_result_option(command, "-o,--output", arguments->output, "Where the int8 model goes",
                    kModelFile)
      ->required();
  command.add_flag("--json", arguments->json, "Print what became of the cache as JSON");
  add_calibration_options(command, *arguments);
  add_run_options(command, arguments->run);
  add_quiet_option(command, arguments->run.quiet, "No progress, no remarks: the result alone");
  add_examples(command, {"rangefinder import-cache model.cache model.onnx -o model.qdq.onnx",
                         "rangefinder import-cache model.cache model.onnx -o model.qdq.onnx "
                         "--calibrate-missing --data samples/"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
