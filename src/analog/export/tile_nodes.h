#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "analog/export/node_writer.h"
#include "analog/hardware/noise.h"
#include "analog/layers/analog_model.h"

namespace rangefinder::analog {

/// A calibrated layer as it is written into a model: its tiles, possibly with noisy weights.
struct ProgrammedLayer {
  /// `noise`: of this draw, if there is noise. Throws std::invalid_argument if the layer's
  /// converters need ranges that were not calibrated, or its ranges are dynamic.
  ProgrammedLayer(const AnalogLayer& source, Compatibility compatibility, NormalSource* noise);

  const AnalogLayer& layer;
  AnalogMatrix matrix;
  /// matrix.tiles(), with noise.
  std::vector<TileWeights> tiles;
  /// Of output noise; absent without any.
  std::optional<uint64_t> noise_seed;
};

/// How tile products become an output: axis 1 (convolutions) or the last axis has the outputs.
struct OutputLayout {
  /// Axes behind the outputs: spatial ones.
  int64_t trailing_axes = 0;

  /// Shape with which one value per output broadcasts over the output.
  tensor::Shape shape(int64_t outputs) const;
};

/// Clip, Div, Round, Mul: the DAC of tile `tile` on the tensor `input`. Returns the result's name.
std::string write_input_converter(NodeWriter& writer, const ProgrammedLayer& layer, size_t tile,
                                  const std::string& input);

/// Output noise, then Div, Round, Mul, Max, Min: the ADC of tile `tile` on its products.
std::string write_output_converter(NodeWriter& writer, const ProgrammedLayer& layer, size_t tile,
                                   const std::string& products, OutputLayout layout);

/// A fully connected layer on `input` [..., inputs], without bias: Slice, converters, MatMul per
/// tile and their sum.
std::string write_linear(NodeWriter& writer, const ProgrammedLayer& layer,
                         const std::string& input);

/// A convolution on `input` like `node`, bias included: per tile the channels it reads, converters,
/// a Conv with the weights of the tile's columns and zeros elsewhere, and their sum.
std::string write_convolution(NodeWriter& writer, const ProgrammedLayer& layer,
                              const onnx::NodeProto& node);

}  // namespace rangefinder::analog
