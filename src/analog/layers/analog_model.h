#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>
#include <vector>

#include "analog/activations/patch_geometry.h"
#include "analog/hardware/analog_matrix.h"
#include "analog/hardware/rpu_config_file.h"

namespace rangefinder::analog {

/// Which part of an observed tensor a layer takes as its input.
enum class InputPart {
  kWhole,
  /// Of a recurrent node's output [time, directions, batch, hidden]: the states that go back into
  /// the recurrent matrix, that is, all but the last step.
  kForwardStates,
  /// The same for the direction that runs backward in time: all but the first step.
  kBackwardStates,
  /// Of an initial state [directions, batch, hidden]: that of one direction.
  kInitialState,
};

/// One place in the model where a layer is called.
struct CallSite {
  /// The node that the layer replaces, or is part of.
  std::string node;
  /// The tensor that the layer's input is, or is part of.
  std::string tensor;
  InputPart part = InputPart::kWhole;
  /// Direction of a recurrent node.
  int64_t direction = 0;
  /// Of a Conv; a fully connected layer has none.
  std::optional<ConvolutionAttributes> convolution = {};
};

/// A weight matrix of the model that goes onto analog tiles.
struct AnalogLayer {
  /// The node's name; a recurrent node's matrices are "<node>.weight_ih", "<node>.weight_hh", with
  /// "_reverse" for the second direction.
  std::string name;
  /// What PyTorch calls the module: the weight's name without ".weight", else `name`.
  std::string module;
  std::string op_type;
  /// More than one if several nodes share the weight.
  std::vector<CallSite> sites;
  int64_t outputs = 0;
  /// outputs x (inputs / groups), row-major, as it will be programmed but for quantization.
  std::vector<float> weights;
  int64_t groups = 1;
  RpuConfig config;
  /// One per slice; empty until calibrated.
  std::vector<float> input_range = {};

  /// Rows of the tiles: all channels times the kernel, or all features.
  int64_t inputs() const;
  std::vector<ColumnRange> slices() const;
  /// The layer on its tiles; a grouped convolution as its block-diagonal matrix.
  AnalogMatrix matrix(Compatibility compatibility = Compatibility::kNone) const;
};

/// A node that could have been a layer but stays digital.
struct DigitalNode {
  std::string name;
  std::string op_type;
  std::string reason;
};

/// A float model and what of it goes onto analog tiles.
struct AnalogModel {
  /// The float model, every node named.
  onnx::ModelProto model;
  NetworkConfig config;
  Compatibility compatibility = Compatibility::kNone;
  /// In graph order.
  std::vector<AnalogLayer> layers;
  std::vector<DigitalNode> digital;

  /// Null if there is none of that name.
  const AnalogLayer* find(const std::string& name) const;
};

}  // namespace rangefinder::analog
