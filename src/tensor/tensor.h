#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tensor/element_type.h"

namespace rangefinder::tensor {

using Shape = std::vector<int64_t>;

/// Product of the dimensions; 1 for a scalar. Throws std::invalid_argument on a negative
/// dimension or a product beyond int64.
int64_t element_count(std::span<const int64_t> shape);

/// "[1, 3, 224, 224]".
std::string to_string(std::span<const int64_t> shape);

/// A typed, shaped look at memory that somebody else owns; row-major, contiguous.
struct TensorView {
  ElementType type = ElementType::kUndefined;
  Shape shape = {};
  const void* data = nullptr;

  size_t element_count() const;
  /// The elements. Throws std::invalid_argument if `type` is not float32.
  std::span<const float> floats() const;
};

/// A tensor that owns its elements; row-major, contiguous.
class Tensor {
 public:
  Tensor() = default;
  /// All zero.
  Tensor(ElementType type, Shape shape);
  static Tensor from_floats(Shape shape, std::span<const float> values);

  ElementType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  size_t element_count() const { return static_cast<size_t>(tensor::element_count(shape_)); }
  std::span<std::byte> bytes() { return bytes_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  /// The elements. Both throw std::invalid_argument if the type is not float32.
  std::span<float> floats();
  std::span<const float> floats() const;
  TensorView view() const { return {type_, shape_, bytes_.data()}; }

  /// The same values as float32. Throws std::invalid_argument for strings.
  Tensor to_float32() const;

  bool operator==(const Tensor&) const = default;

 private:
  ElementType type_ = ElementType::kUndefined;
  Shape shape_;
  std::vector<std::byte> bytes_;
};

/// One sample (or batch): a tensor per input name.
using NamedTensors = std::map<std::string, Tensor>;

}  // namespace rangefinder::tensor
