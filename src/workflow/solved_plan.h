#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporters/qdq.h"
#include "passes/runtime_calibration.h"
#include "rangefinder/quantize.h"
#include "refine/correct_bias.h"
#include "report/summary.h"
#include "statistics/statistics_file.h"
#include "workflow/configs.h"
#include "workflow/plan.h"

namespace rangefinder::workflow {

/// The method unless another one is named; docs/methods.md says why.
inline constexpr char kDefaultMethod[] = "mse";

/// Shows raw batches of these tensors to the visitor, by their place in the list: one more run of
/// the model over the samples.
using ShowRaw =
    std::function<void(const std::vector<std::string>& tensors, const passes::RawVisitor& visitor)>;

/// A plan with numbers.
struct SolvedPlan {
  exporters::SolvedTensors tensors;
  std::vector<passes::QuantizedWeight> weights;
  /// In graph order, one for each quantized activation.
  std::vector<report::TensorRow> rows;
  /// What became of the biases of the nodes with constant weights; none if they stay as they are.
  std::vector<refine::BiasCorrection> corrections = {};
  /// Embeddings as codes, and what those lie in; none if they stay as they are.
  std::vector<passes::QuantizedTable> tables = {};
  engine::HeldFolders held = {};
  /// LSTM nodes with weights as codes; none if they stay as they are.
  std::vector<passes::QuantizedLstm> lstms = {};
};

/// Runs the calibration pass over the configs of a plan, as it stands: what is not due stays. Runs
/// no inference, unless a method must see raw batches and `show_raw` is given. Returns what the
/// pass did in graph order. Throws as passes::RuntimeCalibration::run() does, and changes nothing
/// then.
std::vector<passes::CalibratedActivation> calibrate(const Plan& plan, PlannedConfigs& planned,
                                                    const statistics::StatisticsFile& statistics,
                                                    const passes::RuntimeCalibration& calibration,
                                                    const ShowRaw& show_raw = {});

/// The constant weights of nodes that compute in integers, as codes, in graph order. `solved`: the
/// grids of activations, in force.
std::vector<passes::QuantizedWeight> quantize_weights(const onnx::ModelProto& model,
                                                      const passes::Annotation& annotation,
                                                      const exporters::SolvedTensors& solved,
                                                      const targets::Target& target);

/// Weights and biases for activations that are in force, and what is to be told of them; figures of
/// methods are left out. Throws as require_complete() does.
SolvedPlan complete(const Plan& plan, const PlannedConfigs& planned,
                    const statistics::StatisticsFile& statistics);

/// Corrects the biases of a complete solution for its codes as they are, by the means of channels
/// where the statistics hold the sums for it.
void correct_biases(const Plan& plan, const statistics::StatisticsFile& statistics,
                    SolvedPlan& solution);

/// More than ranges as methods find them is wanted: few values get room for others.
passes::RuntimeCalibration with_room(passes::RuntimeCalibration calibration, Effort effort);

/// Statistics become parameters, then weights and biases. Throws as
/// passes::RuntimeCalibration::run() does.
SolvedPlan solve_plan(const Plan& plan, const statistics::StatisticsFile& statistics,
                      const passes::RuntimeCalibration& calibration, const ShowRaw& show_raw = {});

/// The quantized model. It may refer to weights that the plan or the solution holds.
onnx::ModelProto export_model(const Plan& plan, const SolvedPlan& solution);

}  // namespace rangefinder::workflow
