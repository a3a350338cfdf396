#include "graph/constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "graph/attributes.h"
#include "graph/graph.h"
#include "graph/weights.h"

namespace rangefinder::graph {
namespace {

using tensor::ElementType;
using tensor::Tensor;

[[noreturn]] void fail(const onnx::TensorProto& constant, const std::string& message) {
  throw Error(message, {.tensor = constant.name()});
}

/// Copies a typed field of the message, narrowing to the element type it stands for.
template <typename To, typename Field>
void copy_field(const Field& field, Tensor& to) {
  for (int i = 0; i < field.size(); ++i) {
    const To value = static_cast<To>(field[i]);
    std::memcpy(to.bytes().data() + static_cast<size_t>(i) * sizeof(To), &value, sizeof(To));
  }
}

void copy_typed(const onnx::TensorProto& c, Tensor& to) {
  switch (to.type()) {
    case ElementType::kFloat32:
      return copy_field<float>(c.float_data(), to);
    case ElementType::kFloat64:
      return copy_field<double>(c.double_data(), to);
    case ElementType::kInt64:
      return copy_field<int64_t>(c.int64_data(), to);
    case ElementType::kUint64:
      return copy_field<uint64_t>(c.uint64_data(), to);
    case ElementType::kUint32:
      return copy_field<uint32_t>(c.uint64_data(), to);
    case ElementType::kInt32:
      return copy_field<int32_t>(c.int32_data(), to);
    case ElementType::kInt16:
      return copy_field<int16_t>(c.int32_data(), to);
    case ElementType::kUint16:
    case ElementType::kFloat16:
    case ElementType::kBfloat16:
      return copy_field<uint16_t>(c.int32_data(), to);
    case ElementType::kInt8:
      return copy_field<int8_t>(c.int32_data(), to);
    case ElementType::kUint8:
    case ElementType::kBool:
      return copy_field<uint8_t>(c.int32_data(), to);
    default:
      return;  // read_constant() has refused the others
  }
}

/// Values in the typed field of the message.
size_t typed_count(const onnx::TensorProto& c) {
  switch (static_cast<ElementType>(c.data_type())) {
    case ElementType::kFloat32:
      return static_cast<size_t>(c.float_data_size());
    case ElementType::kFloat64:
      return static_cast<size_t>(c.double_data_size());
    case ElementType::kInt64:
      return static_cast<size_t>(c.int64_data_size());
    case ElementType::kUint32:
    case ElementType::kUint64:
      return static_cast<size_t>(c.uint64_data_size());
    default:
      return static_cast<size_t>(c.int32_data_size());
  }
}

/// Throws Error unless the message holds as many values as its shape says.
void check_size(const onnx::TensorProto& constant, const tensor::Shape& shape, size_t item_size) {
  size_t needed = 0;
  try {
    needed = static_cast<size_t>(tensor::element_count(shape));
  } catch (const std::invalid_argument& error) {
    fail(constant, error.what());
  }
  if (!constant.has_raw_data() && !lies_in_file(constant)) {
    const size_t found = typed_count(constant);
    if (found == needed) return;
    fail(constant, fmt::format("holds {} values, its shape {} needs {}", found,
                               tensor::to_string(shape), needed));
  }
  const uint64_t bytes = raw_size(constant);
  if (bytes % item_size == 0 && bytes / item_size == needed) return;
  fail(constant, fmt::format("holds {} bytes, its shape {} needs {} of {}", bytes,
                             tensor::to_string(shape), needed, item_size));
}

template <typename T>
onnx::TensorProto make(const std::string& name, ElementType type, tensor::Shape shape,
                       std::span<const T> values) {
  Tensor value(type, std::move(shape));
  if (values.size() != value.element_count()) {
    throw std::invalid_argument(fmt::format("constant '{}': {} values for shape {}", name,
                                            values.size(), tensor::to_string(value.shape())));
  }
  if (!values.empty()) std::memcpy(value.bytes().data(), values.data(), values.size_bytes());
  return make_constant(name, value);
}

}  // namespace

const onnx::TensorProto* find_constant(const Graph& graph, const std::string& tensor) {
  if (const auto* initializer = graph.initializer(tensor)) return initializer;
  const onnx::NodeProto* node = graph.producer(tensor);
  if (node == nullptr || node->op_type() != "Constant") return nullptr;
  const auto* value = find_attribute(*node, "value");
  return value != nullptr && value->has_t() ? &value->t() : nullptr;
}

Tensor read_constant(const onnx::TensorProto& constant) {
  const auto type = static_cast<ElementType>(constant.data_type());
  if (tensor::element_size(type) == 0) fail(constant, "has a type that cannot be read");
  const tensor::Shape shape(constant.dims().begin(), constant.dims().end());
  // Before any memory is asked for: a damaged shape may claim terabytes.
  check_size(constant, shape, tensor::element_size(type));
  Tensor result(type, shape);
  if (lies_in_file(constant)) {
    read_slice(slice_of(constant), std::as_writable_bytes(result.bytes()));
  } else if (!constant.has_raw_data()) {
    copy_typed(constant, result);
  } else if (!result.bytes().empty()) {
    std::memcpy(result.bytes().data(), constant.raw_data().data(), result.bytes().size());
  }
  return result;
}

void for_each_float_block(const onnx::TensorProto& constant,
                          const std::function<bool(std::span<const float>)>& visit) {
  if (constant.data_type() != onnx::TensorProto::FLOAT) fail(constant, "is not float32");
  if (!lies_in_file(constant)) {
    visit(read_constant(constant).floats());
    return;
  }
  const tensor::Shape shape(constant.dims().begin(), constant.dims().end());
  check_size(constant, shape, sizeof(float));
  constexpr uint64_t kBlock = uint64_t{1} << 20;
  const FileSlice all = slice_of(constant);
  std::vector<float> values;
  for (uint64_t done = 0; done < all.size; done += values.size() * sizeof(float)) {
    const uint64_t bytes = std::min(kBlock, all.size - done);
    values.resize(bytes / sizeof(float));
    read_slice({all.file, all.offset + done, bytes}, std::as_writable_bytes(std::span(values)));
    if (!visit(values)) return;
  }
}

onnx::TensorProto make_constant(const std::string& name, const Tensor& value) {
  onnx::TensorProto result;
  result.set_name(name);
  result.set_data_type(static_cast<int32_t>(value.type()));
  for (const int64_t dimension : value.shape()) result.add_dims(dimension);
  result.set_raw_data(value.bytes().data(), value.bytes().size());
  return result;
}

onnx::TensorProto make_floats(const std::string& name, tensor::Shape shape,
                              std::span<const float> values) {
  return make(name, ElementType::kFloat32, std::move(shape), values);
}

onnx::TensorProto make_int64s(const std::string& name, std::span<const int64_t> values) {
  return make(name, ElementType::kInt64, {static_cast<int64_t>(values.size())}, values);
}

onnx::TensorProto make_int32s(const std::string& name, tensor::Shape shape,
                              std::span<const int32_t> values) {
  return make(name, ElementType::kInt32, std::move(shape), values);
}

onnx::TensorProto make_int8s(const std::string& name, tensor::Shape shape,
                             std::span<const int8_t> values) {
  return make(name, ElementType::kInt8, std::move(shape), values);
}

onnx::TensorProto make_uint8s(const std::string& name, tensor::Shape shape,
                              std::span<const uint8_t> values) {
  return make(name, ElementType::kUint8, std::move(shape), values);
}

std::vector<int64_t> read_int64s(const onnx::TensorProto& constant) {
  const Tensor value = read_constant(constant);
  std::vector<int64_t> result(value.element_count());
  if (value.type() == ElementType::kInt64) {
    if (!result.empty()) std::memcpy(result.data(), value.bytes().data(), value.bytes().size());
  } else if (value.type() == ElementType::kInt32) {
    const auto* values = reinterpret_cast<const int32_t*>(value.bytes().data());
    std::copy(values, values + result.size(), result.begin());
  } else {
    fail(constant, fmt::format("is {}, int32 or int64 is needed", element_name(value.type())));
  }
  return result;
}

}  // namespace rangefinder::graph
