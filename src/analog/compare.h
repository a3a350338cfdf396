#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "analog/analog_model.h"
#include "analog/input_range_type.h"
#include "data/sample_source.h"
#include "engine/watch.h"
#include "quantization/error_metrics.h"

namespace rangefinder::analog {

/// How far tensors of `restored` are from those of the same name in `real`, over all samples:
/// the graph outputs, and the tensors `inner` (made by nodes of the main graph in both models).
/// Throws Error: a tensor that is not there, a sample that does not fit.
std::map<std::string, quantization::ErrorMetrics> model_errors(const onnx::ModelProto& real,
                                                               const onnx::ModelProto& restored,
                                                               std::span<const std::string> inner,
                                                               const data::SampleSource& samples,
                                                               const engine::WatchOptions& run);

/// One layer of an analog model against the float one.
struct LayerComparison {
  std::string name;
  /// Of the layer's output, all upstream errors included; of a recurrent node, its first output.
  double sqnr_db = 0.0;
  std::vector<float> input_range;
  /// Share of the entries of each slice that lie outside of its range, rows of zeros left out.
  std::vector<double> clipped_share;
};

struct OutputComparison {
  std::string name;
  double sqnr_db = 0.0;
  double cosine = 0.0;
  double max_abs_error = 0.0;
};

/// What the outputs would be like after calibrating with one type on these samples.
struct TypeComparison {
  InputRangeType type;
  std::vector<OutputComparison> outputs;
};

struct AnalogComparison {
  std::vector<OutputComparison> outputs;
  std::vector<LayerComparison> layers;
  std::vector<TypeComparison> types;
  uint64_t sample_count = 0;
};

struct CompareOptions {
  /// Types to calibrate and judge beside the model as it is.
  std::vector<InputRangeType> types = {};
  InputRangeOptions calibration = {};
  engine::WatchOptions run = {};
};

/// The analog model behind an exported one: `float_model` converted with the configuration and the
/// ranges that `exported` tells. Throws Error if it tells none, or they do not fit the float model.
AnalogModel restore_analog_model(const onnx::ModelProto& float_model,
                                 const onnx::ModelProto& exported);

/// Compares an exported analog model with its float original. Throws Error as model_errors(),
/// restore_analog_model() and calibrate_input_ranges() do.
AnalogComparison compare_analog(const onnx::ModelProto& float_model,
                                const onnx::ModelProto& exported, const data::SampleSource& samples,
                                const CompareOptions& options = {});

/// Shares as in LayerComparison, for every layer of a calibrated model, in one pass.
std::vector<std::vector<double>> clipped_shares(const AnalogModel& model,
                                                const engine::SampleFeed& feed,
                                                const engine::WatchOptions& run = {});

}  // namespace rangefinder::analog
