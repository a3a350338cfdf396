#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

TEST(Tengine, ALineHasNameScaleAndZeroPoint) {
  EXPECT_EQ(write_tengine(sample_table(), {}),
            "images 0.5 10\nrelu 0.125 0\npool 0.125 0\nnegative 0.5 250\neven 0.25 0\n");
}

TEST(Tengine, RefusesWhatItCannotHold) {
  expect_refuses_name(write_tengine, "a b");
  expect_refuses_name(write_tengine, "a\tb");
  expect_refuses_bits(write_tengine);
  expect_refuses_channels(write_tengine);
}

}  // namespace
}  // namespace rangefinder::exporters
