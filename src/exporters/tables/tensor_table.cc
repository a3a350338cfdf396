#include "exporters/tables/tensor_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "graph/graph.h"

namespace rangefinder::exporters {
namespace {

bool is_utf8(std::string_view text) {
  try {
    nlohmann::json(std::string(text)).dump();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace

int TableTensor::bits() const {
  return std::bit_width(static_cast<uint64_t>(quant_max - quant_min));
}

bool TableTensor::is_symmetric() const {
  const int64_t middle = quant_min + (quant_max - quant_min + 1) / 2;
  return std::all_of(zero_point.begin(), zero_point.end(),
                     [&](int32_t each) { return each == middle; });
}

std::pair<double, double> TableTensor::range(size_t channel) const {
  const auto step = static_cast<double>(scale.at(channel));
  const int64_t zero = zero_point.at(channel);
  return {static_cast<double>(quant_min - zero) * step,
          static_cast<double>(quant_max - zero) * step};
}

double TableTensor::largest_magnitude(size_t channel) const {
  const auto [low, high] = range(channel);
  return is_symmetric() ? high : std::max(std::abs(low), std::abs(high));
}

std::vector<int64_t> first_input_shape(graph::Graph& graph) {
  std::vector<int64_t> shape;
  for (const auto& input : graph.message().input()) {
    if (graph.initializer(input.name())) continue;
    for (const auto& dim : input.type().tensor_type().shape().dim()) {
      shape.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    }
    break;
  }
  return shape;
}

float symmetric_int8_scale(const TableTensor& tensor, std::string_view format) {
  require_per_tensor(tensor, format);
  require_bits(tensor, 8, format);
  constexpr double kMostCode = 127;
  return static_cast<float>(tensor.largest_magnitude() / kMostCode);
}

std::unordered_map<std::string_view, const TableTensor*> by_name(
    const std::vector<TableTensor>& tensors) {
  std::unordered_map<std::string_view, const TableTensor*> found;
  for (const TableTensor& tensor : tensors) found.emplace(tensor.name, &tensor);
  return found;
}

void keep_known(TensorTable& table, const std::unordered_set<std::string>& known) {
  const size_t count = table.activations.size();
  if (count == 0) return;
  std::vector<TableTensor> kept;
  // By the old root: the first one that is kept stands for it.
  std::unordered_map<std::string, std::string> roots;
  for (TableTensor& tensor : table.activations) {
    if (!known.contains(tensor.name)) {
      table.left_out.push_back(tensor.name);
      continue;
    }
    tensor.root = roots.emplace(tensor.root, tensor.name).first->second;
    kept.push_back(std::move(tensor));
  }
  if (kept.empty()) {
    throw Error(fmt::format("none of its {} activations ('{}', ...) is in the float model", count,
                            table.left_out.back()));
  }
  table.activations = std::move(kept);
  const auto forget = [&](std::string& name) {
    if (!known.contains(name)) name.clear();
  };
  for (TableLayer& layer : table.layers) {
    for (std::string& input : layer.inputs) forget(input);
    forget(layer.output);
  }
}

void require_per_tensor(const TableTensor& tensor, std::string_view format) {
  if (!tensor.is_per_channel()) return;
  throw Error(fmt::format("has {} scales, one per channel; {} holds one per tensor",
                          tensor.scale.size(), format),
              {.tensor = tensor.name});
}

void require_bits(const TableTensor& tensor, int most, std::string_view format) {
  if (tensor.bits() <= most) return;
  throw Error(fmt::format("has codes of {} bits; {} holds at most {}", tensor.bits(), format, most),
              {.tensor = tensor.name});
}

void require_utf8(std::string_view name, std::string_view format) {
  if (is_utf8(name)) return;
  throw Error(fmt::format("its name is no UTF-8, which {} needs", format),
              {.tensor = std::string(name)});
}

void require_without(std::string_view name, std::string_view characters, std::string_view what,
                     std::string_view format) {
  if (name.find_first_of(characters) == std::string_view::npos) return;
  throw Error(fmt::format("its name holds {}, which {} cannot hold", what, format),
              {.tensor = std::string(name)});
}

}  // namespace rangefinder::exporters
