#include "passes/constant_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/constants.h"

// Codes of one tensor share a scale, so one value far beyond the others leaves them no codes. Where
// that happens between elements of a constant it can be seen before anything is run.

namespace rangefinder::passes {
namespace {

using tensor::Tensor;

/// The step of a range is this part of it, and bytes, the largest activations that networks are
/// fed with as they are, reach it.
constexpr double kSteps = 255;
/// The last code of a weight.
constexpr double kWeightSteps = 127;

/// The constant of floats at this input; null if there is none.
const onnx::TensorProto* constant_input(const graph::Graph& graph, const onnx::NodeProto& node,
                                        int input) {
  if (node.input_size() <= input || node.input(input).empty()) return nullptr;
  const auto* constant = graph.initializer(node.input(input));
  return constant && constant->data_type() == onnx::TensorProto::FLOAT ? constant : nullptr;
}

/// Bound of |w x| over |x| <= 255, per output: the first axis of a Conv's weight and a transposed
/// Gemm's, the last of another Gemm's; of a ConvTranspose none. Stops where an output reaches
/// `enough`.
std::vector<double> reaches(const onnx::NodeProto& node, const onnx::TensorProto& weight,
                            double enough) {
  if (weight.dims().empty() || node.op_type() == "ConvTranspose") return {};
  const bool is_gemm = node.op_type() == "Gemm";
  const bool is_last = is_gemm && graph::int_attribute(node, "transB", 0) == 0;
  const double alpha =
      is_gemm ? static_cast<double>(graph::float_attribute(node, "alpha", 1)) : 1.0;
  const tensor::Shape shape(weight.dims().begin(), weight.dims().end());
  const auto count = static_cast<size_t>(tensor::element_count(shape));
  const auto channels = static_cast<size_t>(is_last ? shape.back() : shape.front());
  if (count == 0) return {};
  const size_t inner = count / channels;
  std::vector<double> sums(channels);
  size_t i = 0;
  graph::for_each_float_block(weight, [&](std::span<const float> floats) {
    double largest = 0;
    for (const float value : floats) {
      double& sum = sums[is_last ? i % channels : i / inner];
      sum += kSteps * std::abs(alpha * static_cast<double>(value));
      largest = std::max(largest, sum);
      ++i;
    }
    return largest < enough;
  });
  return sums;
}

/// What is left of a bias behind the bound.
double bounded(double bias, const OutputBound& bound) {
  if (bound.is_from_zero) bias = std::max(bias, 0.0);
  return bound.upper ? std::min(bias, static_cast<double>(*bound.upper)) : bias;
}

/// Channels from the largest bias down, until one is followed by channels that all stay within one
/// step of its range.
std::string range_obstacle(std::span<const float> bias, const onnx::NodeProto& node,
                           const onnx::TensorProto& weight, const OutputBound& bound) {
  std::vector<size_t> order(bias.size());
  std::vector<double> size(bias.size());
  for (size_t c = 0; c < bias.size(); ++c) {
    order[c] = c;
    size[c] = std::abs(bounded(static_cast<double>(bias[c]), bound));
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return size[a] > size[b]; });
  // An output that reaches so far settles it, whatever the others do.
  const double enough = bias.empty() ? 0 : size[order.front()] / kSteps;
  const std::vector<double> reach = reaches(node, weight, enough);
  if (bias.size() != reach.size() || bias.empty()) return {};
  const double widest = *std::max_element(reach.begin(), reach.end());
  for (size_t i = 0; i + 1 < order.size(); ++i) {
    if (size[order[i]] <= kSteps * widest) return {};
    if (size[order[i]] <= kSteps * (widest + size[order[i + 1]])) continue;
    return fmt::format("its bias of {} in channel {} would leave the other channels no codes",
                       bias[order[i]], order[i]);
  }
  return {};
}

/// A column is lost if rounding to the common scale makes it noise: root of the mean square below
/// that of the rounding error.
std::string stack_obstacle(const onnx::TensorProto& weight) {
  if (weight.dims_size() < 3) return {};
  const Tensor value = graph::read_constant(weight);
  const auto floats = value.floats();
  const auto columns = static_cast<size_t>(value.shape().back());
  const auto rows = static_cast<size_t>(value.shape()[value.shape().size() - 2]);
  if (floats.empty()) return {};
  double largest = 0;
  for (const float x : floats) largest = std::max(largest, std::abs(static_cast<double>(x)));
  const double noise = largest / kWeightSteps / std::sqrt(12.0);
  size_t kept = 0;
  size_t lost = 0;
  for (size_t start = 0; start < floats.size(); start += rows * columns) {
    for (size_t column = 0; column < columns; ++column) {
      double norm = 0;
      for (size_t row = 0; row < rows; ++row) {
        norm = std::hypot(norm, static_cast<double>(floats[start + row * columns + column]));
      }
      if (norm == 0) continue;
      ++(norm / std::sqrt(static_cast<double>(rows)) < noise ? lost : kept);
    }
  }
  if (lost <= kept) return {};
  return fmt::format(
      "its stack of matrices has one scale, which {} of {} columns are too small for", lost,
      lost + kept);
}

/// The first element that `is_wrong`.
template <typename Predicate>
std::optional<float> first(const Tensor& tensor, Predicate is_wrong) {
  const auto values = tensor.floats();
  const auto found = std::find_if(values.begin(), values.end(), is_wrong);
  return found == values.end() ? std::nullopt : std::optional(*found);
}

std::optional<float> first_nonfinite(const onnx::TensorProto& constant) {
  const auto is_wrong = [](float x) { return !std::isfinite(x); };
  std::optional<float> found;
  graph::for_each_float_block(constant, [&](std::span<const float> values) {
    // Without a way out of the loop several values are looked at at a time.
    const bool any = std::count_if(values.begin(), values.end(), is_wrong) > 0;
    if (any) found = *std::find_if(values.begin(), values.end(), is_wrong);
    return !any;
  });
  return found;
}

}  // namespace

std::string constant_obstacle(const graph::Graph& graph, const onnx::NodeProto& node,
                              const OutputBound& bound) {
  const auto* weight = constant_input(graph, node, 1);
  if (weight == nullptr) return {};
  if (node.op_type() == "MatMul") return stack_obstacle(*weight);
  const auto* bias = constant_input(graph, node, 2);
  if (bias == nullptr) return {};
  const Tensor value = graph::read_constant(*bias);
  if (first(value, [](float x) { return std::isnan(x); })) return {};
  if (const auto infinity = first(value, [](float x) { return std::isinf(x); })) {
    return fmt::format("its bias holds {}", *infinity);
  }
  return range_obstacle(value.floats(), node, *weight, bound);
}

void refuse_nonfinite(const graph::Graph& graph, const onnx::NodeProto& node) {
  const auto refuse = [&](const char* what, int input, std::optional<float> found) {
    if (!found) return;
    throw Error(fmt::format("the {} holds {}", what, *found),
                {.node = node.name(), .tensor = node.input(input)});
  };
  if (const auto* weight = constant_input(graph, node, 1)) {
    refuse("weight", 1, first_nonfinite(*weight));
  }
  if (const auto* bias = constant_input(graph, node, 2)) {
    refuse("bias", 2, first(graph::read_constant(*bias), [](float x) { return std::isnan(x); }));
  }
}

}  // namespace rangefinder::passes
