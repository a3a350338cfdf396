#include "analog/export/tile_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "graph/attributes.h"

namespace rangefinder::analog {
namespace {

bool has_adc(const ProgrammedLayer& layer) { return layer.layer.config.forward.out_bound > 0.0; }

float range_of(const ProgrammedLayer& layer, size_t tile) {
  return layer.layer.input_range.empty() ? 0.0f : layer.layer.input_range.at(tile);
}

std::string rounded(NodeWriter& writer, const std::string& value, const std::string& step) {
  const std::string codes = writer.add("Round", {writer.add("Div", {value, step})});
  return writer.add("Mul", {codes, step});
}

std::string sliced(NodeWriter& writer, const std::string& input, int64_t begin, int64_t end,
                   int64_t axis) {
  return writer.add(
      "Slice", {input, writer.integers({begin}), writer.integers({end}), writer.integers({axis})});
}

/// One value per output, as a scalar if they are all the same.
std::string per_output(NodeWriter& writer, const std::vector<float>& values, OutputLayout layout) {
  const bool same = std::all_of(values.begin(), values.end(),
                                [&](float value) { return value == values.front(); });
  if (same) return writer.scalar(values.front());
  return writer.floats(layout.shape(static_cast<int64_t>(values.size())), values);
}

std::string write_output_noise(NodeWriter& writer, const ProgrammedLayer& layer, size_t tile,
                               const std::string& products, OutputLayout layout) {
  std::vector<float> deviations;
  for (size_t output = 0; output < layer.tiles[tile].output_maximum.size(); ++output) {
    deviations.push_back(output_noise_deviation(layer.tiles[tile], output,
                                                layer.layer.config.forward, range_of(layer, tile),
                                                layer.tiles.size()));
  }
  const std::string normal = writer.add("RandomNormalLike", {products});
  // ONNX's seed is a float: 24 bits of ours.
  const auto seed = static_cast<float>((*layer.noise_seed + tile) & 0xffffffu);
  graph::set_attribute(writer.last(), "seed", seed);
  const std::string noise = writer.add("Mul", {normal, per_output(writer, deviations, layout)});
  return writer.add("Add", {products, noise});
}

std::string sum(NodeWriter& writer, const std::string& total, const std::string& more) {
  return total.empty() ? more : writer.add("Add", {total, more});
}

/// Columns of a tile as a matrix [width, outputs], the right operand of MatMul.
std::vector<float> as_right_operand(const TileWeights& tile) {
  const size_t outputs = tile.output_maximum.size();
  const auto width = static_cast<size_t>(tile.columns.width());
  std::vector<float> result(tile.programmed.size());
  for (size_t output = 0; output < outputs; ++output) {
    for (size_t column = 0; column < width; ++column) {
      result[column * outputs + output] = tile.programmed[output * width + column];
    }
  }
  return result;
}

/// The channels that a tile's columns touch, and its columns as a convolution weight over them.
struct TileKernel {
  int64_t first_channel;
  int64_t last_channel;
  std::vector<float> weights;
};

/// The kernel [outputs, channels / groups, kernel...] of one tile. Without groups only the channels
/// that the tile reads; with groups all of them, since Conv wants equal groups.
TileKernel tile_kernel(const ProgrammedLayer& layer, size_t tile, int64_t kernel_size) {
  const TileWeights& weights = layer.tiles[tile];
  const int64_t groups = layer.layer.groups;
  const int64_t channels = layer.layer.inputs() / kernel_size;
  TileKernel kernel{0, channels, {}};
  if (groups == 1) {
    kernel.first_channel = weights.columns.begin / kernel_size;
    kernel.last_channel = (weights.columns.end - 1) / kernel_size + 1;
  }
  const int64_t row = (kernel.last_channel - kernel.first_channel) / groups * kernel_size;
  const int64_t outputs = layer.layer.outputs;
  kernel.weights.assign(static_cast<size_t>(outputs * row), 0.0f);
  for (int64_t output = 0; output < outputs; ++output) {
    const int64_t group_begin =
        kernel.first_channel * kernel_size + output / (outputs / groups) * row * (groups > 1);
    for (int64_t k = 0; k < row; ++k) {
      const int64_t column = group_begin + k;
      if (column < weights.columns.begin || column >= weights.columns.end) continue;
      kernel.weights[static_cast<size_t>(output * row + k)] =
          weights.programmed[static_cast<size_t>(output * weights.columns.width() + column -
                                                 weights.columns.begin)];
    }
  }
  return kernel;
}

/// Bias [outputs] in the shape in which it adds to a convolution's output.
std::string reshaped_bias(NodeWriter& writer, const std::string& bias, int64_t spatial_axes) {
  std::vector<int64_t> shape = {1, -1};
  shape.insert(shape.end(), static_cast<size_t>(spatial_axes), 1);
  return writer.add("Reshape", {bias, writer.integers(shape)});
}

}  // namespace

ProgrammedLayer::ProgrammedLayer(const AnalogLayer& source, Compatibility compatibility,
                                 NormalSource* noise)
    : layer(source), matrix(source.matrix(compatibility)), tiles(matrix.tiles()) {
  const InputRangeParameters& ranges = source.config.pre_post.input_range;
  if (ranges.dynamic) {
    throw std::invalid_argument(fmt::format(
        "{}: dynamic input ranges cannot be exported; calibrate the layer", source.name));
  }
  if (ranges.enable && source.input_range.size() != tiles.size()) {
    throw std::invalid_argument(source.name + " is not calibrated");
  }
  if (noise == nullptr) return;
  for (TileWeights& tile : tiles) add_weight_noise(tile, source.config.modifier, *noise);
  if (source.config.forward.out_noise > 0.0) {
    noise_seed = static_cast<uint64_t>(static_cast<int64_t>(noise->next() * 0x1p40));
  }
}

tensor::Shape OutputLayout::shape(int64_t outputs) const {
  tensor::Shape result = {outputs};
  result.insert(result.end(), static_cast<size_t>(trailing_axes), 1);
  return result;
}

std::string write_input_converter(NodeWriter& writer, const ProgrammedLayer& layer, size_t tile,
                                  const std::string& input) {
  const InputConverter converter = layer.matrix.input_converter(range_of(layer, tile));
  std::string value = input;
  if (converter.range) {
    value = writer.add("Clip",
                       {value, writer.scalar(-*converter.range), writer.scalar(*converter.range)});
  }
  if (converter.step) value = rounded(writer, value, writer.scalar(*converter.step));
  return value;
}

std::string write_output_converter(NodeWriter& writer, const ProgrammedLayer& layer, size_t tile,
                                   const std::string& products, OutputLayout layout) {
  std::string value = products;
  if (layer.noise_seed) value = write_output_noise(writer, layer, tile, value, layout);
  const auto converters = layer.matrix.output_converters(tile, range_of(layer, tile));
  if (converters.empty()) return value;
  std::vector<float> bounds;
  std::vector<float> negative;
  std::vector<float> steps;
  for (const OutputConverter& converter : converters) {
    bounds.push_back(converter.bound);
    negative.push_back(-converter.bound);
    if (converter.step) steps.push_back(*converter.step);
  }
  if (!steps.empty()) value = rounded(writer, value, per_output(writer, steps, layout));
  value = writer.add("Max", {value, per_output(writer, negative, layout)});
  return writer.add("Min", {value, per_output(writer, bounds, layout)});
}

std::string write_linear(NodeWriter& writer, const ProgrammedLayer& layer,
                         const std::string& input) {
  std::string total;
  for (size_t tile = 0; tile < layer.tiles.size(); ++tile) {
    const TileWeights& weights = layer.tiles[tile];
    std::string part = input;
    if (layer.tiles.size() > 1) {
      part = sliced(writer, input, weights.columns.begin, weights.columns.end, -1);
    }
    part = write_input_converter(writer, layer, tile, part);
    const std::string operand =
        writer.floats({weights.columns.width(), layer.layer.outputs}, as_right_operand(weights));
    part = writer.add("MatMul", {part, operand});
    total = sum(writer, total, write_output_converter(writer, layer, tile, part, {}));
  }
  return total;
}

std::string write_convolution(NodeWriter& writer, const ProgrammedLayer& layer,
                              const onnx::NodeProto& node) {
  const ConvolutionAttributes& attributes = *layer.layer.sites.front().convolution;
  const auto spatial = static_cast<int64_t>(attributes.kernel_shape.size());
  int64_t kernel_size = 1;
  for (const int64_t k : attributes.kernel_shape) kernel_size *= k;
  const int64_t channels = layer.layer.inputs() / kernel_size;
  const bool bias_in_conv = !has_adc(layer) && !layer.noise_seed;
  std::string bias = node.input_size() > 2 ? node.input(2) : "";
  std::string total;
  for (size_t tile = 0; tile < layer.tiles.size(); ++tile) {
    const TileKernel kernel = tile_kernel(layer, tile, kernel_size);
    const int64_t width = kernel.last_channel - kernel.first_channel;
    std::string part = node.input(0);
    if (width < channels) {
      part = sliced(writer, part, kernel.first_channel, kernel.last_channel, 1);
    }
    part = write_input_converter(writer, layer, tile, part);
    tensor::Shape shape = {layer.layer.outputs, width / layer.layer.groups};
    shape.insert(shape.end(), attributes.kernel_shape.begin(), attributes.kernel_shape.end());
    std::vector<std::string> inputs = {part, writer.floats(std::move(shape), kernel.weights)};
    if (bias_in_conv && tile == 0 && !bias.empty()) inputs.push_back(bias);
    part = writer.add("Conv", inputs);
    *writer.last().mutable_attribute() = node.attribute();
    total = sum(writer, total, write_output_converter(writer, layer, tile, part, {spatial}));
  }
  if (bias_in_conv || bias.empty()) return total;
  return writer.add("Add", {total, reshaped_bias(writer, bias, spatial)});
}

}  // namespace rangefinder::analog
