#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/instrument.h"
#include "engine/model_source.h"
#include "engine/observe_slots.h"
#include "engine/session.h"
#include "tensor/tensor.h"

namespace rangefinder::engine {

/// Throws Error, naming the sample and the first tensor of `graph_order` that showed NaN or
/// infinity, if one did.
void refuse_nonfinite(ObserveSlots& slots, const std::string& sample,
                      std::span<const ObservedTensor> tensors, std::span<const size_t> graph_order);

/// What observe() refuses, asked of single samples: NaN or infinity in one of these tensors.
///
/// Values elsewhere may be infinite: a mask of -inf that is added before a Softmax is legal.
/// Several threads may ask, one is served at a time. The model is opened when first needed.
class FiniteCheck {
 public:
  /// All tensors must be of the model.
  FiniteCheck(ModelSource model, std::vector<ObservedTensor> tensors);

  /// Runs the model on the sample. Throws Error as observe() does.
  void require(const tensor::NamedTensors& sample, const std::string& name);

 private:
  void open();

  std::mutex mutex_;
  ModelSource model_;
  std::vector<ObservedTensor> tensors_;
  // Before the session, which counts into them until it is gone.
  ObserveSlots slots_;
  InstrumentedModel instrumented_;
  std::optional<Session> session_;
};

}  // namespace rangefinder::engine
