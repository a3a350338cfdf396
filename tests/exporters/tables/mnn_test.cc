#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::json;

TEST(Mnn, ScalesGoByWhatANodeMakes) {
  const Json json = Json::parse(write_mnn(sample_table(), {}));
  EXPECT_EQ(json["shape"]["channels"], 3);
  EXPECT_EQ(json["shape"]["height"], 32);
  EXPECT_EQ(json["shape"]["width"], 24);
  EXPECT_FLOAT_EQ(json["conv1_output input_tensor_0"], 122.5f / 127);
  EXPECT_FLOAT_EQ(json["conv1_output output_tensor_0"], 31.875f / 127);
  EXPECT_FLOAT_EQ(json["sum input_tensor_1"], 125.0f / 127);
  EXPECT_FLOAT_EQ(json["sum output_tensor_0"], 0.25f) << "its own, not an input's";
  EXPECT_FALSE(json.contains("fc_output input_tensor_0"));
}

TEST(Mnn, RefusesWhatItCannotHold) {
  expect_refuses_bits(write_mnn);
  expect_refuses_channels(write_mnn);
  TensorTable open = sample_table();
  open.input_shape[2] = -1;
  EXPECT_THAT(error_of([&] { write_mnn(open, {}); }).what(), testing::HasSubstr("height"));
}

}  // namespace
}  // namespace rangefinder::exporters
