#include "analog/export/restore_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "analog/export/export_model.h"
#include "analog/export/ranges_file.h"
#include "analog/layers/convert.h"
#include "base/error.h"
#include "graph/metadata.h"

namespace rangefinder::analog {
namespace {

/// Metadata may have been edited by anyone.
template <typename Parse>
auto parsed(const std::string& key, const std::string& text, const Parse& parse) {
  try {
    return parse(text);
  } catch (const std::invalid_argument& error) {
    throw Error(fmt::format("its metadata '{}' cannot be read: {}", key, error.what()));
  }
}

bool has_negative(const NetworkRanges& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [](const auto& layer) {
    const auto& values = layer.second.input_range;
    return std::any_of(values.begin(), values.end(), [](float value) { return value < 0.0f; });
  });
}

/// What it says, or, of a model that was written before it said anything, what only the original
/// finds.
Compatibility compatibility_of(const onnx::ModelProto& exported, const NetworkRanges& ranges) {
  const std::string* told = graph::find_metadata(exported, kCompatibilityKey);
  if (told == nullptr) {
    return has_negative(ranges) ? Compatibility::kAihwkit : Compatibility::kNone;
  }
  if (*told == kAihwkitName) return Compatibility::kAihwkit;
  throw Error(fmt::format("its metadata '{}' is '{}'; allowed: {}", kCompatibilityKey, *told,
                          kAihwkitName));
}

}  // namespace

AnalogModel restore_analog_model(const onnx::ModelProto& float_model,
                                 const onnx::ModelProto& exported) {
  const std::string* config = graph::find_metadata(exported, kConfigKey);
  const std::string* text = graph::find_metadata(exported, kRangesKey);
  if (config == nullptr || text == nullptr) {
    throw Error("the analog model tells no ranges; it must come from 'analog calibrate'");
  }
  const NetworkRanges ranges = parsed(kRangesKey, *text, parse_ranges);
  AnalogModel model =
      convert_to_analog(float_model, parsed(kConfigKey, *config, parse_network_config),
                        compatibility_of(exported, ranges));
  for (const auto& [name, layer] : ranges) {
    if (model.find(name) == nullptr) {
      throw Error("has input ranges, but is no analog layer of the float model", {.node = name});
    }
  }
  if (!ranges.empty()) set_ranges(ranges, model);
  return model;
}

}  // namespace rangefinder::analog
