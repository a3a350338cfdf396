#include "exporters/tables/json_writer.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::ordered_json;

Json array_of(double value) {
  return {{"data", {static_cast<float>(value)}}, {"dtype", "float32"}, {"CLS", "numpy.array"}};
}

}  // namespace

/// MinMax, because the bounds are to be taken as they are, whatever method they were found by.
std::string write_ort_json(const TensorTable& table, const TableOptions&) {
  Json data = Json::object();
  for (const TableTensor& tensor : table.activations) {
    require_utf8(tensor.name, "ort-json");
    require_per_tensor(tensor, "ort-json");
    const auto [low, high] = tensor.range();
    data[tensor.name] = {
        {"lowest", array_of(low)}, {"highest", array_of(high)}, {"CLS", "TensorData"}};
  }
  return json_file({{"CLS", "TensorsData"},
                    {"data", data},
                    {"calibration_method",
                     {{"CLS", "CalibrationMethod"}, {"value", "CalibrationMethod.MinMax"}}},
                    {"smooth_quant", false}});
}

}  // namespace rangefinder::exporters
