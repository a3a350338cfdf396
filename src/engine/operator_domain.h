#pragma once

// Our own operators as ONNX Runtime sees them. For the sources of this folder only.

#include <onnxruntime_cxx_api.h>

#include "engine/gate_ops.h"
#include "engine/observe_op.h"
#include "engine/switch_ops.h"

namespace rangefinder::engine {

/// Our operators for one session, which they must outlive.
class OperatorDomain {
 public:
  /// What Observe nodes count goes to `sink`, which must outlive this. They run in the place; the
  /// other operators always on the CPU.
  explicit OperatorDomain(ObserveSink& sink, ObservePlace place = ObservePlace::kCpu);
  OperatorDomain(const OperatorDomain&) = delete;
  OperatorDomain& operator=(const OperatorDomain&) = delete;

  void add_to(Ort::SessionOptions& options) { options.Add(domain_); }

 private:
  void add(OrtCustomOp& op);

  ObserveOperator observe_;
  HardSwishOperator hard_swish_;
  ScaleChannelsOperator scale_channels_;
  ChannelMeansOperator channel_means_;
  RoundOperator round_;
  RestoreOperator restore_;
  SelectOperator select_;
  Ort::CustomOpDomain domain_;
};

}  // namespace rangefinder::engine
