#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

/// ONNX Runtime's own table has the larger bound here, 2.5.
TEST(OrtCache, TakesTheLargestMagnitude) {
  EXPECT_EQ(write_ort_cache(sample_table(), {}),
            "images 122.5\nrelu 31.875\npool 31.875\nnegative 125\neven 31.75\n");
}

TEST(OrtCache, NamesMayHoldBlanksAndColonsButNoLineEnds) {
  EXPECT_THAT(write_ort_cache(table_with("a b: c"), {}), testing::StartsWith("a b: c 122.5\n"));
  expect_refuses_name(write_ort_cache, "a\nb");
  expect_refuses_channels(write_ort_cache);
}

}  // namespace
}  // namespace rangefinder::exporters
