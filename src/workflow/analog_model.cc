#include "workflow/analog_model.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "analog/export/export_model.h"
#include "analog/export/ranges_file.h"
#include "analog/layers/convert.h"
#include "base/error.h"
#include "base/pending_files.h"
#include "base/printable.h"
#include "engine/packed_model.h"
#include "engine/write_model.h"
#include "passes/prepare_analog.h"
#include "workflow/report.h"

namespace rangefinder::workflow {
analog::AnalogModel load_analog(const engine::ModelSource& source, analog::NetworkConfig config,
                                analog::Compatibility compatibility) {
  onnx::ModelProto prepared = passes::prepare_analog(engine::load_model(source).model, source.file);
  try {
    auto model = analog::convert_to_analog(std::move(prepared), std::move(config), compatibility);
    if (model.layers.empty()) throw Error(analog::why_nothing(model));
    return model;
  } catch (const Error& error) {
    throw error.within({.file = source.file.string()});
  }
}

void write_analog(const analog::AnalogModel& model, const AnalogFiles& files) {
  PendingFiles results;
  if (!files.model.empty()) {
    engine::add_model(results, files.model, engine::pack_model(analog::export_model(model), ""));
  }
  if (!files.ranges.empty()) results.add(files.ranges, analog::ranges_bytes(files.ranges, model));
  if (!files.report.empty()) {
    results.add(files.report, report_page(model, files.model.string()));
  }
  results.commit();
}

std::string to_table(const analog::AnalogModel& model) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const analog::AnalogLayer& layer : model.layers) {
    fmt::format_to(out, "{:<40} {:<8} {:>3} slices", printable(layer.name), layer.op_type,
                   layer.slices().size());
    for (const float range : layer.input_range) fmt::format_to(out, "  {:g}", range);
    text += '\n';
  }
  for (const analog::DigitalNode& node : model.digital) {
    fmt::format_to(out, "{:<40} {:<8} digital: {}\n", printable(node.name), printable(node.op_type),
                   printable(node.reason));
  }
  return text;
}

}  // namespace rangefinder::workflow
