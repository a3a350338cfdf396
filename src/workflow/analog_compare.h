#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analog/ranges/input_range_type.h"
#include "engine/model_source.h"
#include "rangefinder/analog.h"
#include "rangefinder/run_control.h"
#include "report/summary.h"
#include "workflow/noise_study.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

using LayerRow = AnalogLayerRow;
using TypeRow = AnalogTypeRow;
using rangefinder::AnalogComparison;

struct AnalogCompareOptions {
  /// Types to calibrate and judge beside the model as it is.
  std::vector<analog::InputRangeType> types = {};
  analog::InputRangeOptions calibration = {};
  /// Of a noise study; 0: none.
  int noise_draws = 0;
  uint64_t seed = 0;
  RunControl run = {};
};

/// Compares an exported analog model with its float original, which is prepared as for calibration
/// (see passes::prepare_analog). The same for any number of jobs. Throws Error: the exported model
/// tells no ranges or those of another model; a sample does not fit, or shows a layer NaN or
/// infinity.
AnalogComparison compare_analog(const onnx::ModelProto& float_model,
                                const onnx::ModelProto& exported, const data::SampleSource& samples,
                                const AnalogCompareOptions& options = {});

struct AnalogCompareRequest {
  engine::ModelSource float_model = {};
  engine::ModelSource analog_model = {};
  SampleInput samples = {};
  /// Compare on the first so many, or on all.
  std::optional<size_t> sample_limit = {};
  AnalogCompareOptions options = {};
};

/// The same of models that are not loaded yet.
AnalogComparison compare_analog(const AnalogCompareRequest& request);

nlohmann::ordered_json to_json(const AnalogComparison& comparison);
/// What a person wants to see.
std::string to_table(const AnalogComparison& comparison);

}  // namespace rangefinder::workflow
