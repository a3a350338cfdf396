#pragma once

#include <onnx/onnx_pb.h>

#include "analog/hardware/rpu_config_file.h"
#include "analog/layers/analog_model.h"

namespace rangefinder::analog {

/// Finds the weight matrices of a float model that go onto analog tiles.
///
/// Gemm, MatMul and Conv (1 to 3 spatial axes, any stride, padding, dilation and groups) with a
/// constant float32 weight; the input and recurrent matrices of LSTM, GRU and RNN. Nodes that share
/// a weight are one layer that is called several times. Biases and all else stay digital; every
/// such node that stays digital is listed with the reason, nodes inside of If, Loop and Scan among
/// them. Gaussian weight clips of the configuration are applied here, once (the reference applies
/// them after each training step: not with kAihwkit).
/// The model is brought to operator set 13 if it is older.
/// Throws Error if the model is too old for that; std::invalid_argument on a bad configuration.
AnalogModel convert_to_analog(onnx::ModelProto model, NetworkConfig config,
                              Compatibility compatibility = Compatibility::kNone);

/// Why a model without layers has none: the first nodes that stay digital, with their reasons.
std::string why_nothing(const AnalogModel& model);

}  // namespace rangefinder::analog
