#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "exporters/qdq.h"
#include "observers/calibration_options.h"
#include "report/summary.h"
#include "statistics/statistics_file.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// Which calibration method turns statistics into parameters.
struct Calibration {
  std::string method = "mse";
  observers::CalibrationOptions options = {};
  /// Tensor name patterns (with * and ?) and the method for them; the first that fits counts.
  std::vector<std::pair<std::string, std::string>> method_for = {};
};

/// A plan with numbers.
struct Solution {
  exporters::SolvedTensors tensors;
  std::vector<passes::QuantizedWeight> weights;
  /// In graph order, one for each quantized activation.
  std::vector<report::TensorRow> rows;
};

/// Turns statistics into parameters, then weights and biases: pure, runs no inference.
/// Throws Error naming the tensors that saw no data; std::invalid_argument on an unknown method.
Solution solve(const Plan& plan, const statistics::StatisticsFile& statistics,
               const Calibration& calibration);

/// The quantized model.
onnx::ModelProto export_model(const Plan& plan, const Solution& solution);

}  // namespace rangefinder::workflow
