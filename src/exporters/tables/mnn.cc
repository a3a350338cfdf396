// What PPQ writes for MNN: scales of symmetric int8 by what a Conv or Add makes. Unlike PPQ's, each
// tensor has its own scale, and what is left float is left out.

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "exporters/tables/json_writer.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::ordered_json;

Json shape_json(const TensorTable& table) {
  const auto& shape = table.input_shape;
  if (shape.size() != 4 ||
      std::any_of(shape.begin() + 1, shape.end(), [](int64_t each) { return each <= 0; })) {
    throw Error(
        "its first input is not [N, channels, height, width] with the last three known, which mnn "
        "tells");
  }
  return {{"channels", shape[1]}, {"height", shape[2]}, {"width", shape[3]}};
}

}  // namespace

std::string write_mnn(const TensorTable& table, const TableOptions&) {
  const auto tensors = by_name(table.activations);
  Json json = {{"shape", shape_json(table)}};
  for (const TableLayer& layer : table.layers) {
    if (layer.op_type != "Conv" && layer.op_type != "Add") continue;
    require_utf8(layer.own_output, "mnn");
    for (size_t i = 0; i < layer.inputs.size(); ++i) {
      if (layer.inputs[i].empty()) continue;
      json[fmt::format("{} input_tensor_{}", layer.own_output, i)] =
          symmetric_int8_scale(*tensors.at(layer.inputs[i]), "mnn");
    }
    if (layer.output.empty()) continue;
    json[layer.own_output + " output_tensor_0"] =
        symmetric_int8_scale(*tensors.at(layer.output), "mnn");
  }
  return json_file(json);
}

}  // namespace rangefinder::exporters
