#include "analog/export/ranges_file.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
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

/// Each entry of the list `key` as `read` takes it.
template <typename T, typename Read>
std::vector<T> read_list(const Json& layer, const char* key, Read read) {
  std::vector<T> result;
  if (!layer.at(key).is_array()) {
    throw std::invalid_argument(
        fmt::format("{} is {}; allowed: a list", key, json_excerpt(layer.at(key))));
  }
  for (const Json& value : layer.at(key)) result.push_back(read(value, key));
  return result;
}

LayerRanges read_layer(const std::string& name, const Json& layer) {
  const auto width = [](const Json& value, const char* key) { return json_integer(value, key, 1); };
  LayerRanges ranges;
  ranges.input_range = read_list<float>(layer, "input_range", json_float);
  if (layer.contains("slices")) ranges.slices = read_list<int64_t>(layer, "slices", width);
  ranges.module = layer.contains("module") ? json_string(layer["module"], "module") : name;
  return ranges;
}

/// Why these cannot be a layer's ranges; empty if they can.
std::string refusal(const AnalogLayer& layer, const LayerRanges& ranges, bool may_be_negative) {
  if (ranges.input_range.size() != layer.slices().size()) {
    return fmt::format("has {} ranges; the layer has {} slices", ranges.input_range.size(),
                       layer.slices().size());
  }
  if (!ranges.slices.empty() && ranges.slices != widths(layer)) {
    return fmt::format("has ranges of slices with {} inputs; the layer's have {}",
                       fmt::join(ranges.slices, ", "), fmt::join(widths(layer), ", "));
  }
  for (const float range : ranges.input_range) {
    if (std::isfinite(range) && (range >= 0.0f || may_be_negative)) continue;
    return fmt::format("has the range {}; allowed: finite{}", range,
                       may_be_negative ? "" : ", 0 or more");
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
    const Json root = parse_json(json);
    for (const auto& [name, layer] : root.at("layers").items()) {
      result[name] = read_layer(name, layer);
    }
  } catch (const std::exception& error) {
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
    const std::string refused =
        refusal(layer, found->second, model.compatibility == Compatibility::kAihwkit);
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
