#include "tensor/tensor.h"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "tensor/half.h"

namespace rangefinder {
namespace {

void require_float32(ElementType type) {
  if (type != ElementType::kFloat32) {
    throw std::invalid_argument(
        fmt::format("a float32 tensor is needed, this is {}", element_name(type)));
  }
}

template <typename From, typename Convert>
void convert(std::span<const std::byte> from, std::span<float> to, Convert&& convert_one) {
  for (size_t i = 0; i < to.size(); ++i) {
    From value;
    std::memcpy(&value, from.data() + i * sizeof(From), sizeof(From));
    to[i] = convert_one(value);
  }
}

template <typename From>
void cast(std::span<const std::byte> from, std::span<float> to) {
  convert<From>(from, to, [](From value) { return static_cast<float>(value); });
}

}  // namespace

int64_t element_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t dimension : shape) {
    if (dimension < 0) throw std::invalid_argument("negative dimension in " + to_string(shape));
    if (__builtin_mul_overflow(count, dimension, &count)) {
      throw std::invalid_argument("too many elements: " + to_string(shape));
    }
  }
  return count;
}

std::string to_string(std::span<const int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

size_t TensorView::element_count() const {
  return static_cast<size_t>(rangefinder::element_count(shape));
}

std::span<const float> TensorView::floats() const {
  require_float32(type);
  return {static_cast<const float*>(data), element_count()};
}

Tensor::Tensor(ElementType type, Shape shape)
    : type_(type),
      shape_(std::move(shape)),
      bytes_(static_cast<size_t>(rangefinder::element_count(shape_)) * element_size(type)) {}

Tensor Tensor::from_floats(Shape shape, std::span<const float> values) {
  Tensor result(ElementType::kFloat32, std::move(shape));
  if (values.size() != result.element_count()) {
    throw std::invalid_argument(
        fmt::format("{} values for shape {}", values.size(), to_string(result.shape())));
  }
  if (!values.empty()) std::memcpy(result.bytes_.data(), values.data(), values.size_bytes());
  return result;
}

std::span<float> Tensor::floats() {
  require_float32(type_);
  return {reinterpret_cast<float*>(bytes_.data()), element_count()};
}

std::span<const float> Tensor::floats() const {
  require_float32(type_);
  return {reinterpret_cast<const float*>(bytes_.data()), element_count()};
}

Tensor Tensor::to_float32() const {
  Tensor result(ElementType::kFloat32, shape_);
  const std::span<float> to = result.floats();
  switch (type_) {
    case ElementType::kFloat32:
      cast<float>(bytes_, to);
      break;
    case ElementType::kFloat64:
      cast<double>(bytes_, to);
      break;
    case ElementType::kFloat16:
      convert<uint16_t>(bytes_, to, tensor::float16_to_float);
      break;
    case ElementType::kBfloat16:
      convert<uint16_t>(bytes_, to, tensor::bfloat16_to_float);
      break;
    case ElementType::kUint8:
    case ElementType::kBool:
      cast<uint8_t>(bytes_, to);
      break;
    case ElementType::kInt8:
      cast<int8_t>(bytes_, to);
      break;
    case ElementType::kUint16:
      cast<uint16_t>(bytes_, to);
      break;
    case ElementType::kInt16:
      cast<int16_t>(bytes_, to);
      break;
    case ElementType::kUint32:
      cast<uint32_t>(bytes_, to);
      break;
    case ElementType::kInt32:
      cast<int32_t>(bytes_, to);
      break;
    case ElementType::kUint64:
      cast<uint64_t>(bytes_, to);
      break;
    case ElementType::kInt64:
      cast<int64_t>(bytes_, to);
      break;
    default:
      throw std::invalid_argument(fmt::format("{} cannot become float32", element_name(type_)));
  }
  return result;
}

}  // namespace rangefinder
