#include "tensor/element_type.h"

#include <array>

namespace rangefinder {
namespace {

struct Entry {
  ElementType type;
  size_t size;
  std::string_view name;
};

constexpr std::array<Entry, 14> kEntries = {{
    {ElementType::kFloat32, 4, "float32"},
    {ElementType::kUint8, 1, "uint8"},
    {ElementType::kInt8, 1, "int8"},
    {ElementType::kUint16, 2, "uint16"},
    {ElementType::kInt16, 2, "int16"},
    {ElementType::kInt32, 4, "int32"},
    {ElementType::kInt64, 8, "int64"},
    {ElementType::kString, 0, "string"},
    {ElementType::kBool, 1, "bool"},
    {ElementType::kFloat16, 2, "float16"},
    {ElementType::kFloat64, 8, "float64"},
    {ElementType::kUint32, 4, "uint32"},
    {ElementType::kUint64, 8, "uint64"},
    {ElementType::kBfloat16, 2, "bfloat16"},
}};

const Entry* find(ElementType type) {
  for (const Entry& entry : kEntries) {
    if (entry.type == type) return &entry;
  }
  return nullptr;
}

}  // namespace

size_t element_size(ElementType type) {
  const Entry* entry = find(type);
  return entry ? entry->size : 0;
}

std::string_view element_name(ElementType type) {
  const Entry* entry = find(type);
  return entry ? entry->name : "an unknown type";
}

bool is_floating(ElementType type) {
  return type == ElementType::kFloat32 || type == ElementType::kFloat16 ||
         type == ElementType::kBfloat16 || type == ElementType::kFloat64;
}

}  // namespace rangefinder
