#include "graph/sparse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "graph/constants.h"

namespace rangefinder::graph {
namespace {

using tensor::Shape;
using tensor::Tensor;

class Densifier {
 public:
  Densifier(const onnx::SparseTensorProto& sparse, uint64_t most_bytes)
      : sparse_(sparse),
        most_bytes_(most_bytes),
        shape_(sparse.dims().begin(), sparse.dims().end()) {}

  onnx::TensorProto dense() {
    const Tensor values = read_constant(sparse_.values());
    if (values.shape().size() != 1)
      fail("its values are no list: " + tensor::to_string(values.shape()));
    if (shape_.empty()) fail("it has no dimensions");
    const size_t item_size = tensor::element_size(values.type());
    check_size(item_size);
    const std::vector<int64_t> positions = read_positions(values.element_count());
    Tensor result(values.type(), shape_);
    for (size_t i = 0; i < positions.size(); ++i) {
      std::memcpy(&result.bytes()[static_cast<size_t>(positions[i]) * item_size],
                  &values.bytes()[i * item_size], item_size);
    }
    return make_constant(sparse_.values().name(), result);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error("is sparse: " + message, {.tensor = sparse_.values().name()});
  }

  void check_size(size_t item_size) {
    try {
      count_ = tensor::element_count(shape_);
    } catch (const std::invalid_argument& error) {
      fail(error.what());
    }
    if (static_cast<uint64_t>(count_) > most_bytes_ / item_size) {
      fail(
          fmt::format("with its zeros, shape {} of {} bytes each, it would have more than {} bytes",
                      tensor::to_string(shape_), item_size, most_bytes_));
    }
  }

  /// Where in the flattened tensor each value belongs.
  std::vector<int64_t> read_positions(size_t value_count) const {
    const auto& indices = sparse_.indices();
    const Shape layout(indices.dims().begin(), indices.dims().end());
    const auto n = static_cast<int64_t>(value_count);
    const auto rank = static_cast<int64_t>(shape_.size());
    const bool is_flat = layout == Shape{n};
    if (!is_flat && layout != Shape{n, rank}) {
      fail(fmt::format("its {} values have indices of shape {}; allowed: [{}] or [{}, {}]", n,
                       tensor::to_string(layout), n, n, rank));
    }
    std::vector<int64_t> positions = read_indices();
    if (!is_flat) positions = flattened(positions);
    for (const int64_t position : positions) {
      if (position >= 0 && position < count_) continue;
      fail(fmt::format("index {} is outside of its {} elements", position, count_));
    }
    check_distinct(positions);
    return positions;
  }

  std::vector<int64_t> read_indices() const {
    try {
      return read_int64s(sparse_.indices());
    } catch (const Error& error) {
      fail(std::string("its indices cannot be read: ") + error.what());
    }
  }

  /// Rows of coordinates as positions.
  std::vector<int64_t> flattened(const std::vector<int64_t>& coordinates) const {
    std::vector<int64_t> positions;
    for (size_t i = 0; i < coordinates.size(); i += shape_.size()) {
      int64_t position = 0;
      for (size_t axis = 0; axis < shape_.size(); ++axis) {
        const int64_t index = coordinates[i + axis];
        if (index < 0 || index >= shape_[axis]) {
          fail(fmt::format("index {} on axis {} is outside of its shape {}", index, axis,
                           tensor::to_string(shape_)));
        }
        position = position * shape_[axis] + index;
      }
      positions.push_back(position);
    }
    return positions;
  }

  void check_distinct(std::vector<int64_t> positions) const {
    std::sort(positions.begin(), positions.end());
    const auto twice = std::adjacent_find(positions.begin(), positions.end());
    if (twice != positions.end()) fail(fmt::format("element {} has two values", *twice));
  }

  const onnx::SparseTensorProto& sparse_;
  uint64_t most_bytes_;
  Shape shape_;
  int64_t count_ = 0;
};

}  // namespace

onnx::TensorProto make_dense(const onnx::SparseTensorProto& sparse, uint64_t most_bytes) {
  return Densifier(sparse, most_bytes).dense();
}

}  // namespace rangefinder::graph
