#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporters/qdq.h"
#include "passes/runtime_calibration.h"
#include "report/summary.h"
#include "statistics/statistics_file.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// The method unless another one is named; docs/methods.md says why.
inline constexpr char kDefaultMethod[] = "mse";

/// Shows raw batches of these tensors to the visitor, by their place in the list: one more run of
/// the model over the samples.
using ShowRaw =
    std::function<void(const std::vector<std::string>& tensors, const passes::RawVisitor& visitor)>;

/// A plan with numbers.
struct Solution {
  exporters::SolvedTensors tensors;
  std::vector<passes::QuantizedWeight> weights;
  /// In graph order, one for each quantized activation.
  std::vector<report::TensorRow> rows;
};

/// Turns statistics into parameters, then weights and biases. Runs no inference, unless a method
/// must see raw batches and `show_raw` is given.
/// Throws as passes::RuntimeCalibration::run() does.
Solution solve(const Plan& plan, const statistics::StatisticsFile& statistics,
               const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw = {});

/// The quantized model.
onnx::ModelProto export_model(const Plan& plan, const Solution& solution);

}  // namespace rangefinder::workflow
