#include "exporters/tables/calibration_cache.h"
#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using testing::HasSubstr;

const TableOptions kOptions = {.trt_version = "8.6.1"};

TEST(TensorRtCache, AScaleIsTheLargestMagnitudeOver127) {
  const CalibrationCache cache =
      parse_calibration_cache(write_tensorrt_cache(sample_table(), kOptions));
  EXPECT_EQ(cache.version.number, 8601);
  EXPECT_EQ(cache.algorithm, "EntropyCalibration2");
  ASSERT_EQ(cache.entries.size(), 5);
  EXPECT_EQ(cache.entries[0].tensor, "images");
  EXPECT_FLOAT_EQ(cache.entries[0].scale, 122.5f / 127);
  EXPECT_FLOAT_EQ(cache.entries[3].scale, 125.0f / 127) << "of the negative side";
  EXPECT_EQ(cache.entries[4].scale, 0.25f) << "symmetric int8 as it is";
}

TEST(TensorRtCache, SaysWhichReleaseAndCalibrator) {
  EXPECT_THAT(write_tensorrt_cache(sample_table(), {"10.3.0", "MinMaxCalibration"}),
              testing::StartsWith("TRT-100300-MinMaxCalibration\nimages: "));
  EXPECT_THROW(write_tensorrt_cache(sample_table(), {}), std::invalid_argument);
  EXPECT_THROW(write_tensorrt_cache(sample_table(), {"11.0.0", ""}), std::invalid_argument);
  EXPECT_THROW(write_tensorrt_cache(sample_table(), {"8.6.1", "Magic"}), std::invalid_argument);
}

TEST(TensorRtCache, NamesMayHoldColonsAndBlanksButNoLineEnds) {
  const auto cache =
      parse_calibration_cache(write_tensorrt_cache(table_with("a: b (c) "), kOptions));
  EXPECT_EQ(cache.entries[0].tensor, "a: b (c) ");
  expect_refuses_name(write_tensorrt_cache, "a\nb", kOptions);
  expect_refuses_name(write_tensorrt_cache, "a\r", kOptions);
  expect_refuses_bits(write_tensorrt_cache, kOptions);
  expect_refuses_channels(write_tensorrt_cache, kOptions);
}

}  // namespace
}  // namespace rangefinder::exporters
