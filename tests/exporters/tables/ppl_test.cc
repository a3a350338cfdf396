#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::json;

TEST(Ppl, TellsEachTensorAndWhoseParametersItShares) {
  const Json json = Json::parse(write_ppl(sample_table(), {}));
  const Json& image = json["quant_info"]["images"];
  EXPECT_EQ(image["scale"], 0.5);
  EXPECT_EQ(image["zero_point"], 10);
  EXPECT_EQ(image["tensor_min"], -5);
  EXPECT_EQ(image["tensor_max"], 122.5);
  EXPECT_EQ(image["sym"], false);
  EXPECT_EQ(json["quant_info"]["even"]["sym"], true);
  EXPECT_EQ(json["quant_info"]["even"]["q_min"], -128);
  EXPECT_EQ(json["quant_info"]["pool"]["dominator"], json["quant_info"]["relu"]["hash"]);
  EXPECT_NE(json["quant_info"]["pool"]["hash"], json["quant_info"]["relu"]["hash"]);
  EXPECT_EQ(json["op_info"]["conv1"]["data_type"], "INT8");
}

TEST(Ppl, RefusesWhatItCannotHold) {
  expect_refuses_name(write_ppl, "\xff");
  expect_refuses_bits(write_ppl);
  expect_refuses_channels(write_ppl);
}

}  // namespace
}  // namespace rangefinder::exporters
