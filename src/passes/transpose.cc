#include "passes/transpose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "graph/attributes.h"
#include "graph/constants.h"

namespace rangefinder::passes {
namespace {

using tensor::Shape;
using tensor::Tensor;

/// Elements between neighbours along each axis.
std::vector<size_t> strides(const Shape& shape) {
  std::vector<size_t> result(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    result[i - 1] = result[i] * static_cast<size_t>(shape[i]);
  }
  return result;
}

Shape permuted(const Shape& shape, const std::vector<int64_t>& order) {
  Shape result;
  for (const int64_t axis : order) result.push_back(shape.at(static_cast<size_t>(axis)));
  return result;
}

void require_order(const std::vector<int64_t>& order, size_t rank) {
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  bool fits = sorted.size() == rank;
  for (size_t i = 0; i < sorted.size(); ++i) fits = fits && sorted[i] == static_cast<int64_t>(i);
  if (!fits) {
    throw std::invalid_argument(
        fmt::format("the order {} is none of {} axes", tensor::to_string(order), rank));
  }
}

const onnx::NodeProto* find_transpose(const graph::Graph& graph, const std::string& tensor,
                                      const std::vector<int64_t>& order) {
  for (const graph::Use& use : graph.uses(tensor)) {
    const onnx::NodeProto& node = *use.node;
    if (node.op_type() == "Transpose" && node.domain().empty() &&
        graph::ints_attribute(node, "perm") == order) {
      return &node;
    }
  }
  return nullptr;
}

}  // namespace

Tensor permute(const Tensor& from, const std::vector<int64_t>& order) {
  const size_t rank = from.shape().size();
  require_order(order, rank);
  const std::vector<size_t> old_strides = strides(from.shape());
  Tensor to(from.type(), permuted(from.shape(), order));
  const size_t size = tensor::element_size(from.type());
  // Walks the result in its order and keeps the element's place in `from`.
  std::vector<int64_t> index(rank, 0);
  size_t place = 0;
  for (size_t i = 0; i < to.element_count(); ++i) {
    std::memcpy(to.bytes().data() + i * size, from.bytes().data() + place * size, size);
    for (size_t axis = rank; axis-- > 0;) {
      const size_t stride = old_strides[static_cast<size_t>(order[axis])];
      place += stride;
      if (++index[axis] < to.shape()[axis]) break;
      place -= stride * static_cast<size_t>(index[axis]);
      index[axis] = 0;
    }
  }
  return to;
}

std::string transposed(graph::Graph& graph, TensorInfos& infos, const std::string& tensor,
                       const std::vector<int64_t>& order) {
  if (const auto* constant = graph.initializer(tensor)) {
    const Tensor value = permute(graph::read_constant(*constant), order);
    return graph.add_initializer(
        graph::make_constant(graph.fresh_name(tensor + "_transposed"), value));
  }
  if (const auto* node = find_transpose(graph, tensor, order)) return node->output(0);
  std::string name = graph.fresh_name(tensor + "_transposed");
  TensorInfo info = infos[tensor];
  if (info.shape) info.shape = permuted(*info.shape, order);
  infos[name] = info;
  onnx::NodeProto& node =
      graph.add_node("Transpose", graph.fresh_name(tensor + "_Transpose"), {tensor}, {name});
  graph::set_attribute(node, "perm", order);
  return name;
}

}  // namespace rangefinder::passes
