#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <string>

#include "analog/layers/analog_model.h"

namespace rangefinder::analog {

/// The key of metadata_props under which an exported model tells its ranges (see ranges_json) and
/// its configuration.
inline constexpr char kRangesKey[] = "rangefinder_analog_ranges";
inline constexpr char kConfigKey[] = "rangefinder_analog_config";
/// There only if the original's mistakes are reproduced; its value is kAihwkitName.
inline constexpr char kCompatibilityKey[] = "rangefinder_analog_compat";
inline constexpr char kAihwkitName[] = "aihwkit";

struct ExportOptions {
  /// Draws the weight and output noise of the configuration; without it there is none.
  std::optional<uint64_t> noise_seed = {};
};

/// The model with its analog layers written in standard ONNX operators, so that any runtime
/// computes what the analog hardware would: the same as AnalogMatrix::forward() up to the order of
/// float32 sums. Layers' outputs keep their names; everything digital stays as it is.
/// Throws std::invalid_argument if a layer needs ranges but was not calibrated.
onnx::ModelProto export_model(const AnalogModel& model, const ExportOptions& options = {});

}  // namespace rangefinder::analog
