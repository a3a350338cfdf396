#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rangefinder::tensor {

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
size_t element_size(ElementType type);

/// "float32", "int64", ...: numpy's names.
std::string_view element_name(ElementType type);

/// float32, float16, bfloat16 or float64.
bool is_floating(ElementType type);

}  // namespace rangefinder::tensor
