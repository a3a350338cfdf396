#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rangefinder/export.h"

namespace rangefinder {

/// Element types, numbered as ONNX's TensorProto.DataType.
enum class ElementType : int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
};

/// Bytes of one element; 0 for types without a fixed size.
RANGEFINDER_API size_t element_size(ElementType type);

/// "float32", "int64", ...: numpy's names.
RANGEFINDER_API std::string_view element_name(ElementType type);

/// float32, float16, bfloat16 or float64.
RANGEFINDER_API bool is_floating(ElementType type);

using Shape = std::vector<int64_t>;

/// Product of the dimensions; 1 for a scalar. Throws std::invalid_argument on a negative
/// dimension or a product beyond int64.
RANGEFINDER_API int64_t element_count(std::span<const int64_t> shape);

/// "[1, 3, 224, 224]".
RANGEFINDER_API std::string to_string(std::span<const int64_t> shape);

/// A typed, shaped look at memory that somebody else owns; row-major, contiguous.
struct RANGEFINDER_API TensorView {
  ElementType type = ElementType::kUndefined;
  Shape shape = {};
  const void* data = nullptr;

  size_t element_count() const;
  /// The elements. Throws std::invalid_argument if `type` is not float32.
  std::span<const float> floats() const;
};

/// A tensor that owns its elements; row-major, contiguous.
class RANGEFINDER_API Tensor {
 public:
  Tensor() = default;
  /// All zero.
  Tensor(ElementType type, Shape shape);
  static Tensor from_floats(Shape shape, std::span<const float> values);

  ElementType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  size_t element_count() const { return static_cast<size_t>(rangefinder::element_count(shape_)); }
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

/// An input or output of a model. Dimensions that the model leaves open are -1; no shape at all
/// means that even the rank is open.
struct TensorInfo {
  std::string name;
  ElementType type = ElementType::kUndefined;
  std::optional<Shape> shape;

  bool operator==(const TensorInfo&) const = default;
};

/// One sample (or batch): a tensor per input name.
using NamedTensors = std::map<std::string, Tensor>;

}  // namespace rangefinder
