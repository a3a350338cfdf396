// The schema, of which no file is needed for two tables of strings:
//
//   table KeyValue { key: string; value: string; }
//   table TrtTable { dict: [KeyValue]; }
//   root_type TrtTable;
//
// The values are decimal numbers as text: the largest magnitude of each tensor.

#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>

#include <map>
#include <vector>

#include "exporters/tables/writers.h"

namespace rangefinder::exporters {
namespace {

using flatbuffers::FieldIndexToOffset;
using flatbuffers::Offset;

struct KeyValue;
struct TrtTable;

Offset<KeyValue> add_entry(flatbuffers::FlatBufferBuilder& builder, const std::string& key,
                           const std::string& value) {
  const auto key_text = builder.CreateString(key);
  const auto value_text = builder.CreateString(value);
  const auto start = builder.StartTable();
  builder.AddOffset(FieldIndexToOffset(0), key_text);
  builder.AddOffset(FieldIndexToOffset(1), value_text);
  return Offset<KeyValue>(builder.EndTable(start));
}

}  // namespace

std::string write_ort_flatbuffers(const TensorTable& table, const TableOptions&) {
  std::map<std::string, std::string> sorted;
  for (const TableTensor& tensor : table.activations) {
    require_utf8(tensor.name, "ort-flatbuffers");
    require_per_tensor(tensor, "ort-flatbuffers");
    sorted[tensor.name] = fmt::format("{}", static_cast<float>(tensor.largest_magnitude()));
  }
  flatbuffers::FlatBufferBuilder builder;
  std::vector<Offset<KeyValue>> entries;
  for (const auto& [name, value] : sorted) entries.push_back(add_entry(builder, name, value));
  const auto dictionary = builder.CreateVector(entries);
  const auto start = builder.StartTable();
  builder.AddOffset(FieldIndexToOffset(0), dictionary);
  builder.Finish(Offset<TrtTable>(builder.EndTable(start)));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

}  // namespace rangefinder::exporters
