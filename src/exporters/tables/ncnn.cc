// ncnn names layers, not tensors: the table goes by the names of nodes, as onnx2ncnn gives them to
// layers. All weights come first, then the inputs of the layers. A number is a multiplier: 127 over
// the largest magnitude.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/error.h"
#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

constexpr double kMostCode = 127;
constexpr size_t kLongestName = 255;
constexpr std::string_view kParameter = "_param_";

void require_name(const std::string& name, std::unordered_set<std::string>& seen) {
  require_without(name, " \t\n\r\v\f", "white space", "ncnn");
  const auto fail = [&](const std::string& message) { throw Error(message, {.node = name}); };
  if (name.find(kParameter) != std::string::npos) {
    fail(fmt::format("its name holds '{}', by which ncnn tells weights from layers", kParameter));
  }
  if (name.size() + kParameter.size() + 1 > kLongestName) {
    fail(fmt::format("its name has {} bytes; ncnn reads at most {}", name.size(),
                     kLongestName - kParameter.size() - 1));
  }
  if (!seen.insert(name).second) fail("another layer has the same name; ncnn tells layers by it");
}

bool is_in_table(const TableLayer& layer) {
  const bool is_known =
      layer.op_type == "Conv" || layer.op_type == "Gemm" || layer.op_type == "MatMul";
  return is_known && !layer.weight.empty() && !layer.inputs.empty() && !layer.inputs[0].empty();
}

/// One for each output channel or, of a convolution in groups, for each group.
std::vector<float> multipliers(const TableLayer& layer, const TableTensor& weight) {
  if (!layer.weight_axis || (weight.axis && *weight.axis != *layer.weight_axis)) {
    throw Error("has no scale for each output channel, which ncnn wants",
                {.node = layer.name, .tensor = weight.name});
  }
  const auto channels =
      static_cast<size_t>(weight.shape.at(static_cast<size_t>(*layer.weight_axis)));
  const size_t groups = layer.group > 1 && channels % static_cast<size_t>(layer.group) == 0
                            ? static_cast<size_t>(layer.group)
                            : channels;
  std::vector<float> result;
  for (size_t i = 0; i < groups; ++i) {
    double largest = 0;
    for (size_t j = i * channels / groups; j < (i + 1) * channels / groups; ++j) {
      largest = std::max(largest, weight.largest_magnitude(weight.axis ? j : 0));
    }
    result.push_back(static_cast<float>(kMostCode / largest));
  }
  return result;
}

}  // namespace

std::string write_ncnn(const TensorTable& table, const TableOptions&) {
  const auto activations = by_name(table.activations);
  const auto parameters = by_name(table.parameters);
  std::unordered_set<std::string> names;
  std::string weights;
  std::string inputs;
  for (const TableLayer& layer : table.layers) {
    if (!is_in_table(layer)) continue;
    require_name(layer.name, names);
    const TableTensor& input = *activations.at(layer.inputs[0]);
    const TableTensor& weight = *parameters.at(layer.weight);
    require_per_tensor(input, "ncnn");
    require_bits(input, 8, "ncnn");
    require_bits(weight, 8, "ncnn");
    weights += fmt::format("{}{}0 ", layer.name, kParameter);
    for (const float each : multipliers(layer, weight)) weights += fmt::format("{} ", each);
    weights += "\n";
    inputs += fmt::format("{} {} \n", layer.name,
                          static_cast<float>(kMostCode / input.largest_magnitude()));
  }
  if (names.empty())
    throw Error("holds no convolution or matrix product, which ncnn's table is of");
  return weights + inputs;
}

}  // namespace rangefinder::exporters
