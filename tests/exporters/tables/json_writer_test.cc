#include "exporters/tables/json_writer.h"

#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

TEST(JsonWriter, OffsetsCountCodesFromZeroOn) {
  const TensorTable table = sample_table();
  EXPECT_EQ(unsigned_offset(table.activations[0], 0), -10);
  EXPECT_EQ(unsigned_offset(table.activations[4], 0), -128) << "zero point 0 of -128 to 127";
}

TEST(JsonWriter, EndsWithALineEnd) { EXPECT_EQ(json_file({{"a", 1}}), "{\n  \"a\": 1\n}\n"); }

}  // namespace
}  // namespace rangefinder::exporters
