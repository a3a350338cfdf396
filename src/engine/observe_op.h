#pragma once

// The Observe operator as ONNX Runtime sees it. For the sources of this folder only.

#include <onnxruntime_cxx_api.h>

#include <memory>

#include "engine/observe_slots.h"

namespace rangefinder::engine {

/// Counts its input: domain kObserveDomain, operator kObserveOperator.
///
/// Input: a float32, float16 or bfloat16 tensor. Output: a scalar that says nothing; as an output
/// of the graph it keeps the node from being pruned, and it is made only where the attribute
/// kMakesTokenAttribute is not 0. Other attributes: see ObserveTarget.
/// Kernels find their worker's sink through the operator object, which belongs to one session.
class ObserveOperator;

/// Our operator domain for one session; must outlive it.
class ObserveDomain {
 public:
  /// `sink` must outlive this.
  explicit ObserveDomain(ObserveSink& sink);
  ~ObserveDomain();
  ObserveDomain(const ObserveDomain&) = delete;
  ObserveDomain& operator=(const ObserveDomain&) = delete;

  void add_to(Ort::SessionOptions& options);

 private:
  std::unique_ptr<ObserveOperator> operator_;
  Ort::CustomOpDomain domain_;
};

}  // namespace rangefinder::engine
