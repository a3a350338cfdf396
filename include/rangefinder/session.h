#pragma once

#include <memory>
#include <vector>

#include "rangefinder/export.h"
#include "rangefinder/model.h"
#include "rangefinder/tensor.h"

namespace rangefinder {

/// A model ready to run many times, as its users run it: on one thread, with all of ONNX Runtime's
/// optimizations.
///
///     rangefinder::Session session(rangefinder::Model::load("model.int8.onnx"));
///     for (const auto& sample : test_set) score(session.run(sample));
class RANGEFINDER_API Session {
 public:
  /// Throws Error if the model cannot be loaded.
  explicit Session(const Model& model);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// The graph's inputs without those that have a default value, in order, and its outputs.
  std::vector<TensorInfo> inputs() const;
  std::vector<TensorInfo> outputs() const;

  /// All outputs that are tensors of numbers. A single tensor of the name "" is the model's only
  /// input. Throws Error naming what does not fit: an input that is missing or unknown, a type, a
  /// dimension.
  NamedTensors run(const NamedTensors& sample);
  /// The same without copying any output: for measuring.
  void execute(const NamedTensors& sample);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rangefinder
