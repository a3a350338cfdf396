#include "arrays.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace rangefinder::python {
namespace {

namespace nb = nanobind;
using Code = nb::dlpack::dtype_code;
using HostArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

struct Kind {
  Code code;
  int bits;
  ElementType type;
};
constexpr Kind kKinds[] = {
    {Code::Float, 32, ElementType::kFloat32}, {Code::Float, 64, ElementType::kFloat64},
    {Code::Float, 16, ElementType::kFloat16}, {Code::Bfloat, 16, ElementType::kBfloat16},
    {Code::Int, 8, ElementType::kInt8},       {Code::Int, 16, ElementType::kInt16},
    {Code::Int, 32, ElementType::kInt32},     {Code::Int, 64, ElementType::kInt64},
    {Code::UInt, 8, ElementType::kUint8},     {Code::UInt, 16, ElementType::kUint16},
    {Code::UInt, 32, ElementType::kUint32},   {Code::UInt, 64, ElementType::kUint64},
    {Code::Bool, 8, ElementType::kBool},
};

std::optional<ElementType> type_of(const nb::dlpack::dtype& type) {
  for (const Kind& kind : kKinds) {
    const bool fits = type.code == static_cast<uint8_t>(kind.code) && type.bits == kind.bits;
    if (fits && type.lanes == 1) return kind.type;
  }
  return std::nullopt;
}

nb::dlpack::dtype dtype_of(ElementType type) {
  for (const Kind& kind : kKinds) {
    if (kind.type == type)
      return {static_cast<uint8_t>(kind.code), static_cast<uint8_t>(kind.bits), 1};
  }
  throw nb::type_error("a tensor of strings has no array");
}

std::string name_of_type(nb::handle object) {
  return nb::cast<std::string>(
      nb::handle(reinterpret_cast<PyObject*>(Py_TYPE(object.ptr()))).attr("__name__"));
}

/// An array over `count` bytes that are copied.
nb::object owning_array(const void* bytes, size_t count, const std::vector<size_t>& shape,
                        nb::dlpack::dtype type) {
  auto kept = std::make_unique<std::byte[]>(std::max<size_t>(count, 1));
  if (count > 0) std::memcpy(kept.get(), bytes, count);
  const nb::capsule owner(kept.get(),
                          [](void* memory) noexcept { delete[] static_cast<std::byte*>(memory); });
  return nb::cast(
      nb::ndarray<nb::numpy>(kept.release(), shape.size(), shape.data(), owner, nullptr, type));
}

}  // namespace

Tensor tensor_of(nb::handle object) {
  HostArray array;
  if (!nb::try_cast<HostArray>(object, array)) {
    throw nb::type_error(("no array of numbers: " + name_of_type(object)).c_str());
  }
  const std::optional<ElementType> type = type_of(array.dtype());
  if (!type)
    throw nb::type_error(
        ("no array of numbers that a model takes: " + name_of_type(object)).c_str());
  Tensor tensor(*type, Shape(array.shape_ptr(), array.shape_ptr() + array.ndim()));
  const size_t bytes = tensor.bytes().size();
  const nb::gil_scoped_release release;
  if (bytes > 0) std::memcpy(tensor.bytes().data(), array.data(), bytes);
  return tensor;
}

NamedTensors tensors_of(const nb::dict& arrays) {
  NamedTensors tensors;
  for (const auto& [name, array] : arrays)
    tensors.emplace(nb::cast<std::string>(name), tensor_of(array));
  return tensors;
}

nb::object array_of(const Tensor& tensor) {
  if (tensor.type() == ElementType::kBfloat16) return array_of(tensor.to_float32());
  const std::vector<size_t> shape(tensor.shape().begin(), tensor.shape().end());
  return owning_array(tensor.bytes().data(), tensor.bytes().size(), shape, dtype_of(tensor.type()));
}

nb::object float_array(const float* values, const std::vector<size_t>& shape) {
  size_t count = 1;
  for (const size_t extent : shape) count *= extent;
  return owning_array(values, count * sizeof(float), shape, dtype_of(ElementType::kFloat32));
}

nb::dict arrays_of(const NamedTensors& tensors) {
  nb::dict arrays;
  for (const auto& [name, tensor] : tensors) arrays[name.c_str()] = array_of(tensor);
  return arrays;
}

}  // namespace rangefinder::python
