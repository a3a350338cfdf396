#include "analog/ranges_file.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
#include "data/npz.h"

namespace rangefinder::analog {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kParameter[] = ".input_range";

bool is_archive(const std::filesystem::path& path) { return path.extension() == ".npz"; }

std::vector<int64_t> widths(const AnalogLayer& layer) {
  std::vector<int64_t> result;
  for (const ColumnRange& slice : layer.slices()) result.push_back(slice.width());
  return result;
}

tensor::NamedTensors as_tensors(const AnalogModel& model) {
  tensor::NamedTensors result;
  for (const AnalogLayer& layer : model.layers) {
    const auto count = static_cast<int64_t>(layer.input_range.size());
    if (count == 0) continue;
    result[layer.module + kParameter] = tensor::Tensor::from_floats({count}, layer.input_range);
  }
  return result;
}

/// Ranges by layer name, from an archive whose arrays have module names.
NetworkRanges read_archive(const std::filesystem::path& path, const AnalogModel& model) {
  const tensor::NamedTensors arrays = data::read_npz(path);
  NetworkRanges result;
  for (const AnalogLayer& layer : model.layers) {
    const auto found = arrays.find(layer.module + kParameter);
    if (found == arrays.end()) continue;
    const tensor::Tensor values = found->second.to_float32();
    result[layer.name].input_range.assign(values.floats().begin(), values.floats().end());
  }
  return result;
}

NetworkRanges read_ranges(const std::filesystem::path& path, const AnalogModel& model) {
  if (is_archive(path)) return read_archive(path, model);
  try {
    return parse_ranges(read_file(path));
  } catch (const std::invalid_argument& error) {
    throw Error(error.what(), {.file = path.string()});
  }
}

/// Why these cannot be a layer's ranges; empty if they can.
std::string refusal(const AnalogLayer& layer, const std::vector<float>& ranges) {
  if (ranges.size() != layer.slices().size()) {
    return fmt::format("has {} ranges; the layer has {} slices", ranges.size(),
                       layer.slices().size());
  }
  for (const float range : ranges) {
    if (!std::isfinite(range) || range < 0.0f) {
      return fmt::format("has the range {}; allowed: finite, 0 or more", range);
    }
  }
  return {};
}

}  // namespace

std::string ranges_json(const AnalogModel& model) {
  Json layers = Json::object();
  for (const AnalogLayer& layer : model.layers) {
    if (layer.input_range.empty()) continue;
    layers[layer.name] = {
        {"input_range", layer.input_range}, {"slices", widths(layer)}, {"module", layer.module}};
  }
  // Names come from the model, which need not keep to UTF-8.
  return Json{{"layers", layers}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

NetworkRanges parse_ranges(std::string_view json) {
  NetworkRanges result;
  try {
    const Json root = Json::parse(json);
    for (const auto& [name, layer] : root.at("layers").items()) {
      LayerRanges& ranges = result[name];
      ranges.input_range = layer.at("input_range").get<std::vector<float>>();
      ranges.slices = layer.value("slices", std::vector<int64_t>());
      ranges.module = layer.value("module", name);
    }
  } catch (const Json::exception& error) {
    throw std::invalid_argument(fmt::format("not a file of input ranges: {}", error.what()));
  }
  return result;
}

std::string ranges_bytes(const std::filesystem::path& path, const AnalogModel& model) {
  return is_archive(path) ? data::npz_bytes(as_tensors(model)) : ranges_json(model);
}

void write_ranges(const std::filesystem::path& path, const AnalogModel& model) {
  write_file(path, ranges_bytes(path, model));
}

void set_ranges(const NetworkRanges& ranges, AnalogModel& model) {
  std::vector<AnalogLayer> layers = model.layers;
  for (AnalogLayer& layer : layers) {
    const auto found = ranges.find(layer.name);
    if (found == ranges.end()) {
      throw Error("has no input ranges", {.node = layer.name});
    }
    const std::string refused = refusal(layer, found->second.input_range);
    if (!refused.empty()) throw Error(refused, {.node = layer.name});
    layer.input_range = found->second.input_range;
    layer.config.pre_post.input_range.enable = true;
    layer.config.pre_post.input_range.dynamic = false;
  }
  model.layers = std::move(layers);
}

void load_ranges(const std::filesystem::path& path, AnalogModel& model) {
  const NetworkRanges ranges = read_ranges(path, model);
  try {
    set_ranges(ranges, model);
  } catch (const Error& error) {
    throw Error("does not fit the model: " + std::string(error.what()), {.file = path.string()});
  }
}

}  // namespace rangefinder::analog
