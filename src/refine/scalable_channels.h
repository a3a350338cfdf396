#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rangefinder::refine {

/// A node that multiplies a scaled tensor by constant weights.
struct ScaledReader {
  std::string node;
  /// It computes in integers.
  bool is_integer = true;
  /// What it reads.
  std::string tensor = {};
};

/// Tensors whose channels may be divided by a scale each if the weights that read them are
/// multiplied by it: what a norm gives (norm_outputs.h), or what convolutions make
/// (convolution_chains.h).
struct ScalableChannels {
  /// What users are told is divided, and the node that makes it.
  std::string output = {};
  std::string maker = {};
  /// All with these channels. Behind a norm those that matrices read, with the same values in each
  /// channel: the output itself, or what chains of Reshape and Transpose make of it.
  std::vector<std::string> tensors = {};
  /// Where their channels lie, counted from the back if negative.
  int64_t axis = -1;
  /// Those that are observed, whose channels are counted; behind a norm one of them.
  std::vector<std::string> observed = {};
  std::vector<ScaledReader> readers = {};
  /// The reads of a norm's output that lead to its readers alone: node and input.
  std::vector<std::pair<std::string, int>> reads = {};
  /// Node and input of the constants - gain and bias of a norm, weights and biases of convolutions
  /// - that take the scales. None: others read the norm's output, too, and a Mul must stand before
  /// the readers.
  std::vector<std::pair<std::string, int>> constants = {};
  /// Where a Clip to [0, upper] stands between: values are no larger, whatever they are divided by.
  std::optional<float> upper = {};

  bool takes_scales() const { return !constants.empty(); }
};

}  // namespace rangefinder::refine
