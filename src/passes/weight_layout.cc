#include "passes/weight_layout.h"

#include <algorithm>

#include "graph/attributes.h"

namespace rangefinder::passes {
namespace {

size_t product(std::span<const int64_t> shape) {
  return static_cast<size_t>(tensor::element_count(shape));
}

/// Convolutions run channels last, whatever the model's layout: input channels within a position
/// of the window are neighbours.
WeightLayout convolution_layout(const onnx::NodeProto& node, const tensor::Shape& shape) {
  const std::span<const int64_t> all(shape);
  const size_t window = product(all.subspan(2));
  const auto outputs = static_cast<size_t>(shape[0]);
  const auto inputs = static_cast<size_t>(shape[1]);
  const int64_t groups = graph::int_attribute(node, "group", 1);
  return {.axis = 0,
          .channels = outputs,
          .dot_size = inputs * window,
          .inputs = inputs,
          .adds_pairs = !(groups > 1 && groups == shape[0] && inputs == 1),
          .matrices = outputs,
          .rows = inputs,
          .columns = window};
}

/// [inputs, outputs of a group, window...]: for each group of inputs a matrix whose columns are
/// neighbours, those of a channel and then those of the next.
WeightLayout transposed_convolution_layout(const onnx::NodeProto& node,
                                           const tensor::Shape& shape) {
  const size_t window = product(std::span(shape).subspan(2));
  const auto groups = static_cast<size_t>(graph::int_attribute(node, "group", 1));
  const size_t inputs = static_cast<size_t>(shape[0]) / groups;
  const auto outputs = static_cast<size_t>(shape[1]);
  return {.axis = groups == 1 ? std::optional<int64_t>(1) : std::nullopt,
          .channels = outputs * groups,
          .dots = window,
          .dot_size = inputs,
          .inputs = inputs,
          .matrices = groups,
          .rows = inputs,
          .columns = outputs * window};
}

/// [N, K] if `transposed`, else [..., K, N] or [K].
WeightLayout matrix_layout(const tensor::Shape& shape, bool transposed) {
  const size_t rank = shape.size();
  const auto last = static_cast<size_t>(shape.back());
  if (rank == 1) return {.dot_size = last, .inputs = last};
  const auto before = static_cast<size_t>(shape[rank - 2]);
  if (transposed) return {.axis = 0, .channels = before, .dot_size = last, .inputs = last};
  const size_t matrices = product(std::span(shape).first(rank - 2));
  WeightLayout layout{
      .dot_size = before, .inputs = before, .matrices = matrices, .rows = before, .columns = last};
  if (rank == 2) {
    layout.axis = 1;
    layout.channels = last;
  } else {
    layout.dots = matrices * last;
  }
  return layout;
}

/// to[c][r] = from[r][c] for each matrix, some columns at a time so that both sides stay in cache.
template <typename T>
std::vector<T> transpose(std::span<const T> from, size_t matrices, size_t rows, size_t columns) {
  constexpr size_t kBlock = 16;
  std::vector<T> to(from.begin(), from.end());
  if (rows == 1 || columns == 1) return to;
  for (size_t m = 0; m < matrices; ++m) {
    const T* source = from.data() + m * rows * columns;
    T* target = to.data() + m * rows * columns;
    for (size_t first = 0; first < columns; first += kBlock) {
      const size_t end = std::min(columns, first + kBlock);
      for (size_t r = 0; r < rows; ++r) {
        for (size_t c = first; c < end; ++c) target[c * rows + r] = source[r * columns + c];
      }
    }
  }
  return to;
}

}  // namespace

std::vector<float> WeightLayout::arrange(std::span<const float> weight) const {
  return transpose(weight, matrices, rows, columns);
}

std::vector<int8_t> WeightLayout::arrange(std::span<const int8_t> codes) const {
  return transpose(codes, matrices, rows, columns);
}

std::vector<int8_t> WeightLayout::restore(std::span<const int8_t> arranged) const {
  return transpose(arranged, matrices, columns, rows);
}

WeightLayout weight_layout(const onnx::NodeProto& node, const tensor::Shape& shape) {
  if (node.op_type() == "Conv") return convolution_layout(node, shape);
  if (node.op_type() == "ConvTranspose") return transposed_convolution_layout(node, shape);
  const bool transposed = node.op_type() == "Gemm" && graph::int_attribute(node, "transB", 0) != 0;
  return matrix_layout(shape, transposed);
}

}  // namespace rangefinder::passes
