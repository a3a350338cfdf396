#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "data/sample_source.h"
#include "engine/model_source.h"
#include "report/summary.h"
#include "workflow/run_options.h"

namespace rangefinder::workflow {

/// How far each output of the quantized model is from the float model's, over all samples.
/// Both run with all of ONNX Runtime's optimizations: the error is that of the integer kernels.
/// The same for any number of jobs. Throws Error: the models' outputs differ, a sample does not
/// fit, or it holds NaN or infinity and run.nonfinite does not say to ignore that.
std::vector<report::OutputRow> compare_outputs(const engine::ModelSource& float_model,
                                               const engine::ModelSource& quantized_model,
                                               const data::SampleSource& samples,
                                               const RunOptions& run);

struct CompareRequest {
  std::filesystem::path float_model = {};
  std::filesystem::path quantized_model = {};
  data::DataOptions data = {};
  RunOptions run = {};
  /// Also time both models on the first sample, on one thread.
  bool measure_latency = false;
};

/// Median seconds for one sample on one thread, both models in turn.
struct Latency {
  double float_seconds = 0;
  double quantized_seconds = 0;

  /// Below 1: the quantized model is faster.
  double ratio() const { return quantized_seconds / float_seconds; }
};

struct Comparison {
  std::vector<report::OutputRow> outputs;
  size_t sample_count = 0;
  /// Of the quantized model.
  size_t integer_nodes = 0;
  size_t eligible_nodes = 0;
  std::vector<report::FloatNodeRow> float_nodes;
  std::optional<Latency> latency = {};
};

/// Compares on the first `data.samples` samples, or on all. Throws as compare_outputs() does.
Comparison compare(const CompareRequest& request);

nlohmann::ordered_json to_json(const Comparison& comparison);
/// What a person wants to see.
std::string to_table(const Comparison& comparison);

}  // namespace rangefinder::workflow
