#pragma once

#include <string>
#include <vector>

#include "data/sample_source.h"
#include "engine/model_source.h"
#include "engine/observe.h"
#include "engine/sample_pass.h"
#include "quantization/error_metrics.h"

namespace rangefinder::analysis {

/// How far one output of a model is from the same output of another, over all samples.
struct OutputError {
  std::string name;
  quantization::ErrorMetrics metrics;
};

/// Runs two models on the same samples and compares their outputs of the same name, as float32.
///
/// Both run as a user would run them: fully optimized, so a quantized model computes with its
/// integer kernels. Nothing but the sums is kept. Each sample is measured by itself and the
/// samples are summed in order, so the result is the same, bit for bit, for any number of jobs.
/// Outputs in the reference's order; those that are not tensors of numbers are left out. Pairs of
/// values that are not finite are counted and left out. Throws Error: a model that does not load, a
/// sample that does not fit or (unless `nonfinite` says otherwise) holds NaN or infinity, an output
/// that the other model does not have or gives in another shape.
std::vector<OutputError> compare(const engine::ModelSource& reference,
                                 const engine::ModelSource& other,
                                 const data::SampleSource& samples,
                                 const engine::PassOptions& options = {},
                                 engine::Nonfinite nonfinite = engine::Nonfinite::kError);

}  // namespace rangefinder::analysis
