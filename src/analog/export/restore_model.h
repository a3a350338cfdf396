#pragma once

#include <onnx/onnx_pb.h>

#include "analog/layers/analog_model.h"

namespace rangefinder::analog {

/// The analog model behind what export_model() wrote: `float_model`, prepared as it was then,
/// converted with the configuration and the ranges that `exported` tells in its metadata.
/// Throws Error if it tells none, or they are those of another model: a layer that only one of them
/// has, or other slices.
AnalogModel restore_analog_model(const onnx::ModelProto& float_model,
                                 const onnx::ModelProto& exported);

}  // namespace rangefinder::analog
