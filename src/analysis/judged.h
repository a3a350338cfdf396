#pragma once

#include <span>
#include <string>
#include <vector>

#include "passes/prepare.h"

namespace rangefinder::analysis {

/// Where an output of a model is judged. Made by judged_outputs(), read by whoever compares the
/// model with a quantized one.
struct JudgedOutput {
  std::string output;
  /// The output itself, unless values were selected on the way to it: then the last tensors before
  /// that, in graph order. Empty if the output is random.
  std::vector<std::string> tensors = {};
  /// The nodes that select (ArgMax, NonMaxSuppression, ...), in graph order; empty where the output
  /// is judged at itself.
  std::vector<std::string> selected_by = {};
  /// Conv, Gemm and MatMul nodes behind the selection, whose error no judged tensor shows.
  std::vector<std::string> hidden_nodes = {};

  bool operator==(const JudgedOutput&) const = default;
};

/// Which tensors tell how good a quantized form of the model is, one entry for each output.
///
/// Of an output behind ArgMax or NonMaxSuppression a ratio of signal to noise says nothing: an
/// error of any size changes nothing, or replaces one box by another. It is judged by the last
/// tensors before whose values change little if the error is little. These are float32 tensors of
/// the main graph, with the same names in every quantized form of the prepared model.
///
/// A comparison that only switches between values (Where, a product with a mask: LeakyRelu as many
/// exporters write it) selects nothing. The first output of TopK changes little with its input; the
/// second selects. Cost: linear in nodes and reads.
std::vector<JudgedOutput> judged_outputs(const passes::PreparedModel& prepared);

/// All of their tensors, each once, that are no outputs of the model: those to be revealed.
std::vector<std::string> inner_tensors(std::span<const JudgedOutput> judged);

}  // namespace rangefinder::analysis
