#include "rangefinder/export_table.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/help_text.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "cli/subcommands.h"
#include "cli/value_kind.h"

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

/// One of the formats' names, which the help tells with a line each.
void add_format_option(CLI::App& command, std::string& format) {
  std::vector<std::string> names;
  std::string text = "Format of the table:";
  for (const TableFormatInfo& info : table_formats()) {
    names.push_back(info.name);
    text += (names.size() == 1 ? " " : "; ") + info.name + ": " + info.summary;
  }
  auto* option = command.add_option("--format", format, text);
  require_word(*option, names);
  option->type_name("FORMAT")->required();
}

}  // namespace

void add_export_table(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& command = *app.add_subcommand(
      "export-table", "Write the ranges of a quantized model as a table of another runtime");
  command
      .add_option(
          "SOURCE", arguments->source,
          "A quantized model with QuantizeLinear and DequantizeLinear (.onnx), or a summary "
          "of quantize or solve (.json)")
      ->type_name("FILE.onnx|FILE.json")
      ->required();
  add_format_option(command, arguments->options.format);
  add_result_option(command, "-o,--output", arguments->options.output, "Where the table goes",
                    "FILE")
      ->required();
  command
      .add_option("--model", arguments->model,
                  "The float model: its names, and for a summary its layers and weights, which "
                  "ncnn and mnn need")
      ->type_name(kModelFile);
  command
      .add_option("--trt-version", arguments->options.trt_version,
                  "For tensorrt-cache: the release that is to read it")
      ->type_name("X.Y.Z");
  command
      .add_option("--trt-algorithm", arguments->options.trt_algorithm,
                  "For tensorrt-cache: the calibrator")
      ->type_name("NAME");
  add_examples(
      command,
      {"rangefinder export-table model.int8.onnx --format tensorrt-cache --trt-version 8.6.1 -o "
       "model.cache",
       "rangefinder export-table summary.json --format ncnn --model model.onnx -o "
       "model.table"});
  command.callback([arguments] { run(*arguments); });
}

}  // namespace rangefinder::cli
