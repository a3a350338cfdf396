#include "rangefinder/export_table.h"

#include <cstdio>
#include <memory>

#include "cli/options.h"
#include "cli/signals.h"
#include "cli/subcommands.h"

namespace rangefinder::cli {
namespace {

struct Arguments {
  std::filesystem::path source;
  std::filesystem::path model;
  ExportTableOptions options;
};

void run(const Arguments& arguments) {
  ExportTableOptions options = arguments.options;
  options.run = {.notice = tell, .cancelled = &interrupted()};
  if (!arguments.model.empty()) options.float_model = Model::load(arguments.model);
  const ExportedTable table = export_table(arguments.source, options);
  std::fprintf(stderr, "%s: %zu activations, %zu weights\n", options.format.c_str(),
               table.tensor_count, table.weight_count);
  if (table.left_out.empty()) return;
  tell(std::to_string(table.left_out.size()) +
       " activations are left out, which the float model does not have ('" +
       table.left_out.front() + "', ...)");
}

std::string format_help() {
  std::string text = "Format of the table:";
  for (const TableFormatInfo& format : table_formats()) {
    text += "\n  " + format.name + ": " + format.summary;
  }
  return text;
}

}  // namespace

void add_export_table(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command =
      *app.add_subcommand("export-table", "Writes ranges in a format of another runtime");
  command
      .add_option(
          "SOURCE", arguments->source,
          "A quantized model with QuantizeLinear and DequantizeLinear (.onnx), or a summary "
          "of quantize or solve (.json)")
      ->required();
  command.add_option("--format", arguments->options.format, format_help())->required();
  command.add_option("-o,--output", arguments->options.output, "Where the table goes")->required();
  command.add_option("--model", arguments->model,
                     "The float model: its names, and for a summary its layers and weights, which "
                     "ncnn and mnn need");
  command.add_option("--trt-version", arguments->options.trt_version,
                     "For tensorrt-cache: the release that is to read it, e.g. 8.6.1");
  command.add_option("--trt-algorithm", arguments->options.trt_algorithm,
                     "For tensorrt-cache: the calibrator; default: EntropyCalibration2");
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
