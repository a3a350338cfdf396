#include "analog/layers/layer_forward.h"

#include <algorithm>
#include <stdexcept>

namespace rangefinder::analog {
namespace {

void require(bool allowed, const char* what) {
  if (!allowed) throw std::invalid_argument(what);
}

void require_bias(std::span<const float> bias, const AnalogMatrix& matrix) {
  require(bias.empty() || bias.size() == static_cast<size_t>(matrix.outputs()),
          "a bias does not fit its analog layer");
}

float bias_of(std::span<const float> bias, size_t output) {
  return bias.empty() ? 0.0f : bias[output];
}

/// [N, outputs, spatial...] of a convolution; unused leading axes of the geometry drop out.
tensor::Shape output_shape(const tensor::Shape& input, const PatchGeometry& geometry,
                           int64_t outputs) {
  const size_t rank = input.size() - 2;
  tensor::Shape shape = {input[0], outputs};
  for (size_t axis = 3 - rank; axis < 3; ++axis) shape.push_back(geometry.output[axis]);
  return shape;
}

}  // namespace

tensor::Tensor forward_linear(const AnalogMatrix& matrix, std::span<const float> bias,
                              const tensor::Tensor& input, std::span<const float> ranges) {
  require(!input.shape().empty() && input.shape().back() == matrix.inputs(),
          "an input does not fit its analog layer");
  require_bias(bias, matrix);
  std::vector<float> result = matrix.forward(input.floats(), ranges);
  const auto outputs = static_cast<size_t>(matrix.outputs());
  for (size_t i = 0; i < result.size(); ++i) result[i] += bias_of(bias, i % outputs);
  tensor::Shape shape = input.shape();
  shape.back() = matrix.outputs();
  return tensor::Tensor::from_floats(std::move(shape), result);
}

tensor::Tensor forward_convolution(const AnalogMatrix& matrix, std::span<const float> bias,
                                   const ConvolutionAttributes& attributes,
                                   const tensor::Tensor& input, std::span<const float> ranges) {
  const PatchGeometry geometry = convolution_geometry(attributes, input.shape());
  require(geometry.features() == matrix.inputs(), "an input does not fit its analog layer");
  require_bias(bias, matrix);
  tensor::Tensor result(tensor::ElementType::kFloat32,
                        output_shape(input.shape(), geometry, matrix.outputs()));
  const auto size = static_cast<size_t>(geometry.sample_size());
  const auto windows = static_cast<size_t>(geometry.windows());
  const auto outputs = static_cast<size_t>(matrix.outputs());
  for (size_t sample = 0; sample * size < input.element_count(); ++sample) {
    const auto rows = unfold(geometry, input.floats().subspan(sample * size, size));
    const std::vector<float> products = matrix.forward(rows, ranges);
    float* target = result.floats().data() + sample * outputs * windows;
    for (size_t i = 0; i < products.size(); ++i) {
      const size_t output = i % outputs;
      target[output * windows + i / outputs] = products[i] + bias_of(bias, output);
    }
  }
  return result;
}

std::vector<float> block_diagonal(std::span<const float> weights, int64_t outputs, int64_t groups) {
  require(outputs > 0 && groups > 0 && outputs % groups == 0 &&
              weights.size() % static_cast<size_t>(outputs) == 0,
          "a grouped weight does not divide into its groups");
  const size_t inputs = weights.size() / static_cast<size_t>(outputs);
  const auto group_count = static_cast<size_t>(groups);
  const size_t outputs_per_group = static_cast<size_t>(outputs) / group_count;
  std::vector<float> result(weights.size() * group_count, 0.0f);
  for (size_t output = 0; output < static_cast<size_t>(outputs); ++output) {
    const size_t group = output / outputs_per_group;
    const auto row = weights.subspan(output * inputs, inputs);
    std::copy(
        row.begin(), row.end(),
        result.begin() + static_cast<std::ptrdiff_t>((output * group_count + group) * inputs));
  }
  return result;
}

}  // namespace rangefinder::analog
