#include "exporters/tables/json_writer.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::ordered_json;

Json encodings(const std::vector<TableTensor>& tensors) {
  Json all = Json::object();
  for (const TableTensor& tensor : tensors) {
    require_utf8(tensor.name, "qnn");
    Json& channels = all[tensor.name] = Json::array();
    for (size_t i = 0; i < tensor.scale.size(); ++i) {
      const auto [low, high] = tensor.range(i);
      channels.push_back({{"bitwidth", tensor.bits()},
                          {"is_symmetric", tensor.is_symmetric() ? "True" : "False"},
                          {"max", high},
                          {"min", low},
                          {"offset", unsigned_offset(tensor, i)},
                          {"scale", tensor.scale[i]}});
    }
  }
  return all;
}

}  // namespace

std::string write_qnn(const TensorTable& table, const TableOptions&) {
  return json_file({{"activation_encodings", encodings(table.activations)},
                    {"param_encodings", encodings(table.parameters)}});
}

}  // namespace rangefinder::exporters
