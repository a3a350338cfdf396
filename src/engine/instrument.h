#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/model_source.h"
#include "engine/session.h"

namespace rangefinder::engine {

/// A tensor to observe: an input of the graph or the output of a node of its top level.
struct ObservedTensor {
  std::string name;
  /// Axis whose elements are counted separately; -1: all values together.
  int64_t channel_axis = -1;
  /// Axis along which the largest values of every row are kept, counted from the back if negative;
  /// empty: no rows are kept.
  std::optional<int64_t> row_axis = {};
  /// Axis for whose elements the values are added up, counted from the back if negative; empty: no
  /// sums are kept.
  std::optional<int64_t> sum_axis = {};
  /// Axis whose elements are counted coarsely, too (statistics::ChannelSpread), counted from the
  /// back if negative; empty: none.
  std::optional<int64_t> spread_axis = {};
  /// If not, sums are all that is kept.
  bool is_counted = true;

  bool operator==(const ObservedTensor&) const = default;
};

/// How an observed tensor may lie in memory.
enum class Layouts {
  /// In any order: for counts, which do not care for it.
  kAny,
  /// As the model knows it, or in ONNX Runtime's blocks of channels.
  kChannelBlocks,
};

/// A model that counts: tensor number i of those asked for feeds the Observe node with slot i.
struct InstrumentedModel {
  ModelSource model;
  /// How to load it.
  OptimizationLevel level = OptimizationLevel::kAll;
  /// An output that costs nothing to fetch; empty if nothing is observed. The other Observe nodes
  /// do not make theirs: a session must fetch this one only.
  std::string token;
  /// The tensors' numbers in the order in which the model computes them.
  std::vector<size_t> graph_order;
  /// How many are counted in the layout ONNX Runtime computes in, without being reordered.
  size_t in_place_count = 0;
};

/// How a session is opened that counts into `sink`, which must outlive it.
SessionOptions session_options(const InstrumentedModel& model, ObserveSink& sink);

/// Adds an Observe node for each tensor, and nothing else: the model is optimized when loaded.
/// Throws Error if the model cannot be read, or holds no such tensor.
InstrumentedModel instrument_plainly(const ModelSource& model,
                                     std::span<const ObservedTensor> tensors);

/// The same, then lets ONNX Runtime optimize the result for this machine and connects each node
/// to the tensor as it is computed.
///
/// ONNX Runtime convolves in a blocked layout and converts back (ReorderOutput, Transpose) for
/// every foreign operator: with one at each tensor that costs a fifth of the time. A count does not
/// care for order, so the node reads the unconverted tensor and conversions that nobody else needs
/// are dropped. For this machine and this ONNX Runtime only. Throws Error also if ONNX Runtime does
/// not accept the model.
InstrumentedModel instrument(const ModelSource& model, std::span<const ObservedTensor> tensors,
                             Layouts layouts = Layouts::kAny);

/// Calls open(model) with the model instrumented in place or, where that or opening it fails with
/// an Error, plainly. Returns why it is plain; empty if it is not.
std::string open_instrumented(const ModelSource& model, std::span<const ObservedTensor> tensors,
                              Layouts layouts, const std::function<void(InstrumentedModel)>& open);

}  // namespace rangefinder::engine
