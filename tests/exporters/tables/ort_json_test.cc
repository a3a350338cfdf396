#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::json;

TEST(OrtJson, HoldsBothBoundsAsArrays) {
  const Json json = Json::parse(write_ort_json(sample_table(), {}));
  EXPECT_EQ(json["CLS"], "TensorsData");
  EXPECT_EQ(json["calibration_method"]["value"], "CalibrationMethod.MinMax");
  const Json& negative = json["data"]["negative"];
  EXPECT_EQ(negative["lowest"]["data"], std::vector<double>{-125});
  EXPECT_EQ(negative["highest"]["data"], std::vector<double>{2.5});
  EXPECT_EQ(negative["lowest"]["dtype"], "float32");
  EXPECT_EQ(json["data"].size(), 5);
}

TEST(OrtJson, RefusesWhatItCannotHold) {
  expect_refuses_name(write_ort_json, "\xff");
  expect_refuses_channels(write_ort_json);
}

}  // namespace
}  // namespace rangefinder::exporters
