#include "exporters/tables/json_writer.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::ordered_json;

/// Five things make a FakeQuantize: it clips to the input range, rounds to so many levels, and
/// spreads those over the output range, which is the same here.
Json fake_quantize(const TableTensor& tensor) {
  Json low = Json::array();
  Json high = Json::array();
  for (size_t i = 0; i < tensor.scale.size(); ++i) {
    const auto [least, most] = tensor.range(i);
    low.push_back(least);
    high.push_back(most);
  }
  Json json = {{"levels", tensor.quant_max - tensor.quant_min + 1},
               {"input_low", low},
               {"input_high", high},
               {"output_low", low},
               {"output_high", high}};
  if (tensor.axis) json["axis"] = *tensor.axis;
  return json;
}

Json all_of(const std::vector<TableTensor>& tensors) {
  Json all = Json::object();
  for (const TableTensor& tensor : tensors) {
    require_utf8(tensor.name, "openvino");
    all[tensor.name] = fake_quantize(tensor);
  }
  return all;
}

}  // namespace

std::string write_openvino(const TensorTable& table, const TableOptions&) {
  return json_file({{"fake_quantize", all_of(table.activations)},
                    {"fake_quantize_weights", all_of(table.parameters)}});
}

}  // namespace rangefinder::exporters
