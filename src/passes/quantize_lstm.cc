// ONNX Runtime has no LSTM between QuantizeLinear and DequantizeLinear, but one of its own that
// keeps weights as int8 and finds the range of its inputs anew at each step: no calibration is
// needed, and nothing can be clipped. Its matrices are those of ONNX, transposed.

#include "passes/quantize_lstm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "graph/attributes.h"
#include "graph/constants.h"
#include "passes/quantize_weights.h"
#include "quantization/error_metrics.h"

namespace rangefinder::passes {
namespace {

/// Inputs of an LSTM.
constexpr int kInputWeights = 1;
constexpr int kRecurrence = 2;

const onnx::TensorProto* float_stack(const graph::Graph& graph, const onnx::NodeProto& node,
                                     int input) {
  if (node.input_size() <= input) return nullptr;
  const onnx::TensorProto* constant = graph.initializer(node.input(input));
  const bool fits = constant != nullptr && constant->dims_size() == 3 &&
                    constant->data_type() == onnx::TensorProto::FLOAT;
  return fits ? constant : nullptr;
}

int64_t byte_size(const onnx::TensorProto& constant) {
  int64_t size = sizeof(float);
  for (const int64_t dimension : constant.dims()) size *= dimension;
  return size;
}

std::string obstacle(const graph::Graph& graph, const onnx::NodeProto& node,
                     const std::unordered_set<std::string>& excluded) {
  if (excluded.contains(node.name())) return "is excluded";
  if (graph::int_attribute(node, "layout", 0) != 0) return "is laid out batch first";
  for (const int input : {kInputWeights, kRecurrence}) {
    if (float_stack(graph, node, input) == nullptr) return "its weights are not constant";
  }
  return {};
}

/// From directions times rows times inputs to directions times inputs times rows.
std::string transposed(const std::vector<int8_t>& codes, const tensor::Shape& shape) {
  const auto rows = static_cast<size_t>(shape[1]);
  const auto inputs = static_cast<size_t>(shape[2]);
  std::string result(codes.size(), '\0');
  for (size_t at = 0; at < codes.size(); ++at) {
    const size_t direction = at / (rows * inputs);
    const size_t row = at / inputs % rows;
    const size_t input = at % inputs;
    result[(direction * inputs + input) * rows + row] = static_cast<char>(codes[at]);
  }
  return result;
}

double sqnr_of(std::span<const float> values, const QuantizedRows& rows, size_t row_size) {
  double signal = 0;
  double error = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double restored = static_cast<double>(rows.codes[i]) * rows.scale[i / row_size];
    signal += static_cast<double>(values[i]) * values[i];
    error += (values[i] - restored) * (values[i] - restored);
  }
  return quantization::decibels(signal, error);
}

/// Writes codes and scales; returns the decibels that are left, NaN if a weight is not finite.
double write_gates(const onnx::TensorProto& constant, const targets::Target& target,
                   QuantizedGates& gates) {
  const tensor::Tensor weights = graph::read_constant(constant);
  const auto values = weights.floats();
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
    return std::numeric_limits<double>::quiet_NaN();
  const auto inputs = static_cast<size_t>(weights.shape()[2]);
  QuantizedRows rows = quantize_rows(values, inputs, target);
  gates.codes.set_data_type(onnx::TensorProto::INT8);
  for (const int axis : {0, 2, 1}) gates.codes.add_dims(weights.shape()[static_cast<size_t>(axis)]);
  gates.codes.set_raw_data(transposed(rows.codes, weights.shape()));
  const double left = sqnr_of(values, rows, inputs);
  gates.scale = std::move(rows.scale);
  return left;
}

}  // namespace

std::vector<std::string> find_lstms(graph::Graph& graph) {
  std::vector<std::string> names;
  for (const auto& node : graph.message().node()) {
    if (node.op_type() != "LSTM" || !node.domain().empty()) continue;
    int64_t bytes = 0;
    for (const int input : {kInputWeights, kRecurrence}) {
      const auto* constant = float_stack(graph, node, input);
      bytes += constant == nullptr ? 0 : byte_size(*constant);
    }
    if (bytes >= kLeastLstmBytes) names.push_back(node.name());
  }
  return names;
}

QuantizedLstm quantize_lstm(const graph::Graph& graph, const onnx::NodeProto& node,
                            const targets::Target& target,
                            const std::unordered_set<std::string>& excluded) {
  QuantizedLstm result{.node = node.name(), .obstacle = obstacle(graph, node, excluded)};
  if (!result.obstacle.empty()) return result;
  const std::array kept = {
      write_gates(*float_stack(graph, node, kInputWeights), target, result.input),
      write_gates(*float_stack(graph, node, kRecurrence), target, result.recurrence)};
  if (std::isnan(kept[0]) || std::isnan(kept[1])) {
    result.obstacle = "its weights hold NaN or infinity";
    return result;
  }
  result.sqnr_db = std::min(kept[0], kept[1]);
  if (result.sqnr_db < kLeastLstmSqnr) {
    result.obstacle = fmt::format("its weights would keep {:.1f} dB; {} are needed", result.sqnr_db,
                                  kLeastLstmSqnr);
  }
  return result;
}

}  // namespace rangefinder::passes
