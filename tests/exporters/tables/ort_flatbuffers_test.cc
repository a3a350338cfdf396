#include <flatbuffers/flatbuffers.h>

#include <map>

#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using flatbuffers::Table;

std::string text(const Table& table, flatbuffers::voffset_t field) {
  return table.GetPointer<const flatbuffers::String*>(field)->str();
}

/// The table read without the schema that wrote it; python/tests/test_tables.py has ONNX Runtime's
/// own reader.
std::vector<std::pair<std::string, std::string>> read(const std::string& bytes) {
  const auto* root = flatbuffers::GetRoot<Table>(bytes.data());
  const auto* dictionary =
      root->GetPointer<const flatbuffers::Vector<flatbuffers::Offset<Table>>*>(4);
  std::vector<std::pair<std::string, std::string>> entries;
  for (const Table* entry : *dictionary) entries.emplace_back(text(*entry, 4), text(*entry, 6));
  return entries;
}

TEST(OrtFlatbuffers, HoldsMagnitudesByNameInOrder) {
  using Entries = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(read(write_ort_flatbuffers(sample_table(), {})), (Entries{{"even", "31.75"},
                                                                      {"images", "122.5"},
                                                                      {"negative", "125"},
                                                                      {"pool", "31.875"},
                                                                      {"relu", "31.875"}}));
}

TEST(OrtFlatbuffers, RefusesWhatItCannotHold) {
  expect_refuses_name(write_ort_flatbuffers, "\xff");
  expect_refuses_channels(write_ort_flatbuffers);
}

}  // namespace
}  // namespace rangefinder::exporters
