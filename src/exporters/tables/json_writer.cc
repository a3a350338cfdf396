#include "exporters/tables/json_writer.h"

namespace rangefinder::exporters {

std::string json_file(const nlohmann::ordered_json& json) { return json.dump(2) + "\n"; }

int64_t unsigned_offset(const TableTensor& tensor, size_t channel) {
  return tensor.quant_min - tensor.zero_point.at(channel);
}

}  // namespace rangefinder::exporters
