#include "refine/matmul_summand.h"

#include <algorithm>

namespace rangefinder::refine {
namespace {

/// [N] or [1, ..., 1, N].
bool is_row_of(const onnx::TensorProto& constant, int64_t columns) {
  if (constant.data_type() != onnx::TensorProto::FLOAT || constant.dims_size() == 0) return false;
  const auto& dims = constant.dims();
  return dims[dims.size() - 1] == columns &&
         std::all_of(dims.begin(), dims.end() - 1, [](int64_t size) { return size == 1; });
}

}  // namespace

std::optional<MatmulSummand> matmul_summand(const graph::Graph& graph,
                                            const onnx::NodeProto& matmul) {
  const onnx::TensorProto* weight = graph.initializer(matmul.input(1));
  if (weight == nullptr || weight->dims_size() != 2 || !graph.is_private(matmul.output(0))) {
    return {};
  }
  const onnx::NodeProto& reader = *graph.uses(matmul.output(0)).front().node;
  if (reader.op_type() != "Add" || !reader.domain().empty()) return {};
  const int place = reader.input(0) == matmul.output(0) ? 1 : 0;
  const onnx::TensorProto* constant = graph.initializer(reader.input(place));
  // One value becomes a code, or a scale.
  if (constant == nullptr || weight->dims(1) == 1 || !is_row_of(*constant, weight->dims(1))) {
    return {};
  }
  return MatmulSummand{reader.name(), place};
}

}  // namespace rangefinder::refine
