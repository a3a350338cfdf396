#pragma once

#include <optional>
#include <vector>

#include "analysis/model_error.h"
#include "engine/model_source.h"
#include "rangefinder/compare.h"
#include "rangefinder/run_control.h"
#include "report/summary.h"
#include "workflow/samples.h"

namespace rangefinder::workflow {

/// What was found of the outputs.
struct OutputErrors {
  std::vector<report::OutputRow> outputs;
  std::vector<report::LeftOutRow> left_out;
};

/// What is told of an output. `more`: of the samples that join those; null if there are none.
report::OutputRow row_of(const analysis::OutputError& output,
                         const analysis::OutputError* more = nullptr);

/// What is told of all that was compared.
OutputErrors rows_of(analysis::ModelError found);

/// How far each output of the quantized model is from the float model's, over all samples.
/// Both run with all of ONNX Runtime's optimizations: the error is that of the integer kernels.
/// The same for any number of jobs. A float model that ONNX Runtime takes only once it is prepared
/// (bfloat16) runs in that form. Throws Error as analysis::model_error() does.
OutputErrors compare_outputs(const engine::ModelSource& float_model,
                             const engine::ModelSource& quantized_model,
                             const data::SampleSource& samples,
                             const analysis::ModelErrorOptions& options);

struct CompareRequest {
  engine::ModelSource float_model = {};
  engine::ModelSource quantized_model = {};
  SampleInput samples = {};
  /// Compare on the first so many, or on all.
  std::optional<size_t> sample_limit = {};
  RunControl run = {};
  /// Also time both models on the first sample, on one thread.
  bool measure_latency = false;
  /// And tell how the time is spread over the nodes.
  bool node_times = false;
};

using rangefinder::Comparison;
using rangefinder::Latency;

/// Throws as compare_outputs() does, and
/// Error if a model fails on every sample.
Comparison compare(const CompareRequest& request);

nlohmann::ordered_json to_json(const Comparison& comparison);
/// What a person wants to see.
std::string to_table(const Comparison& comparison);

}  // namespace rangefinder::workflow
