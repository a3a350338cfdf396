#include <unordered_map>

#include "exporters/tables/json_writer.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {

using Json = nlohmann::ordered_json;

/// "hash" numbers the tensors; "dominator" is the number of the one whose parameters are shared.
std::string write_ppl(const TensorTable& table, const TableOptions&) {
  std::unordered_map<std::string, size_t> numbers;
  for (const TableTensor& tensor : table.activations) numbers.emplace(tensor.name, numbers.size());
  Json tensors = Json::object();
  for (const TableTensor& tensor : table.activations) {
    require_utf8(tensor.name, "ppl");
    require_per_tensor(tensor, "ppl");
    require_bits(tensor, 8, "ppl");
    const auto [low, high] = tensor.range();
    tensors[tensor.name] = {{"bit_width", tensor.bits()},
                            {"per_channel", false},
                            {"quant_flag", true},
                            {"sym", tensor.is_symmetric()},
                            {"scale", tensor.scale[0]},
                            {"zero_point", tensor.zero_point[0]},
                            {"tensor_min", low},
                            {"tensor_max", high},
                            {"q_min", tensor.quant_min},
                            {"q_max", tensor.quant_max},
                            {"hash", numbers.at(tensor.name)},
                            {"dominator", numbers.at(tensor.root)}};
  }
  Json operators = Json::object();
  for (const TableLayer& layer : table.layers) {
    require_utf8(layer.name, "ppl");
    operators[layer.name] = {{"data_type", "INT8"}};
  }
  return json_file({{"quant_info", tensors}, {"op_info", operators}});
}

}  // namespace rangefinder::exporters
