#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analog/layers/analog_model.h"

namespace rangefinder::analog {

/// Input ranges by layer name, as written to files: one per slice.
struct LayerRanges {
  std::vector<float> input_range;
  /// Columns of each slice.
  std::vector<int64_t> slices;
  /// What PyTorch calls the layer.
  std::string module;

  bool operator==(const LayerRanges&) const = default;
};
using NetworkRanges = std::map<std::string, LayerRanges>;

/// {"layers": {"<name>": {"input_range": [...], "slices": [...], "module": "..."}}}, floats with
/// the digits that bring them back exactly.
std::string ranges_json(const AnalogModel& model);

/// Reads ranges_json(). Throws std::invalid_argument naming what is missing or mistyped.
NetworkRanges parse_ranges(std::string_view json);

/// The ranges as JSON, or, if the file's name ends in .npz, as float32 arrays with the reference's
/// parameter names "<module>.input_range". Throws std::invalid_argument if an archive would be
/// empty: nothing is calibrated.
std::string ranges_bytes(const std::filesystem::path& path, const AnalogModel& model);

/// Writes ranges_bytes(). Throws Error.
void write_ranges(const std::filesystem::path& path, const AnalogModel& model);

/// Gives a model ranges instead of calibrating it. Throws Error naming the layer: missing, of other
/// slices, not finite, negative (unless the model is to be what AIHWKIT-Lightning makes, whose
/// signed quantiles may be); the model then stays as it was.
void set_ranges(const NetworkRanges& ranges, AnalogModel& model);

/// Gives a model the ranges of a file (JSON or .npz) as set_ranges() does. Throws Error naming the
/// file.
void load_ranges(const std::filesystem::path& path, AnalogModel& model);

}  // namespace rangefinder::analog
