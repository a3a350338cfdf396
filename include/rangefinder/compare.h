#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/model.h"
#include "rangefinder/run_control.h"
#include "rangefinder/samples.h"
#include "rangefinder/summary.h"

namespace rangefinder {

struct CompareOptions {
  /// Only the first so many samples.
  std::optional<size_t> samples = {};
  /// Also time both models on the first sample, on one thread.
  bool measure_latency = false;
  /// And tell how the time is spread over the nodes, which takes some ten runs of both more; times
  /// both models, too.
  bool node_times = false;
  RunControl run = {};
};

/// Median seconds for one sample on one thread, both models in turn.
struct Latency {
  double float_seconds = 0;
  double quantized_seconds = 0;

  /// Below 1: the quantized model is faster.
  double ratio() const { return quantized_seconds / float_seconds; }
};

/// How far a quantized model is from its original.
struct RANGEFINDER_API Comparison {
  std::vector<OutputRow> outputs;
  /// Samples on which nothing could be compared.
  std::vector<LeftOutRow> left_out;
  size_t sample_count = 0;
  /// Of the quantized model.
  size_t integer_nodes = 0;
  size_t eligible_nodes = 0;
  std::vector<FloatNodeRow> float_nodes;
  std::optional<Latency> latency = {};
  /// Where the time goes, and the nodes of the float model with theirs; empty unless asked for.
  std::optional<NodeTimes> node_times = {};
  std::vector<NodeRow> nodes = {};
  /// The files, as they were given.
  std::string float_model = {};
  std::string quantized_model = {};
  /// Not empty: the target that the model is written for, whose runtime is not here. Errors are
  /// those of QuantizeLinear and DequantizeLinear with float between them, and the integer nodes
  /// are those that are written with codes.
  std::string reference = {};

  /// What a person wants to see.
  std::string table() const;
  /// The same for programs, with more digits.
  std::string json() const;
};

/// Runs both models on the same samples, as their users would, and compares the outputs.
///
///     auto samples = rangefinder::SampleSource::from_files({"held_out/"});
///     auto result = rangefinder::compare(model, int8, samples, {.measure_latency = true});
///     if (result.outputs.front().sqnr_db < 20) std::cerr << result.table();
///
/// Throws Error: a model that does not load, a sample that does not fit, outputs of which none can
/// be compared, an interrupt.
RANGEFINDER_API Comparison compare(const Model& float_model, const Model& quantized_model,
                                   const SampleSource& samples, const CompareOptions& options = {});

}  // namespace rangefinder
