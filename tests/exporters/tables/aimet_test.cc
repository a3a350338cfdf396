#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::json;

TEST(Aimet, OffsetsOfTheOlderLayoutAreThoseOfCodesFromZeroOn) {
  const Json json = Json::parse(write_aimet_0_6_1(sample_table(), {}));
  EXPECT_EQ(json["version"], "0.6.1");
  const Json& image = json["activation_encodings"]["images"][0];
  EXPECT_EQ(image["offset"], -10);
  EXPECT_EQ(image["bitwidth"], 8);
  EXPECT_EQ(image["is_symmetric"], "False");
  EXPECT_EQ(image["min"].get<double>(), image["offset"].get<double>() * 0.5);
  EXPECT_EQ(image["max"], 245 * 0.5);
  const Json& even = json["activation_encodings"]["even"][0];
  EXPECT_EQ(even["offset"], -128);
  EXPECT_EQ(even["is_symmetric"], "True");
  EXPECT_EQ(json["activation_encodings"].size(), 5);
}

TEST(Aimet, WeightsHaveAnEncodingForEachChannel) {
  const Json old = Json::parse(write_aimet_0_6_1(sample_table(), {}));
  EXPECT_EQ(old["param_encodings"]["conv1.weight"].size(), 2);
  EXPECT_EQ(old["param_encodings"]["conv1.weight"][1]["scale"], 0.25);
  EXPECT_EQ(old["param_encodings"]["fc.weight"].size(), 1);
  EXPECT_EQ(old["quantizer_args"]["per_channel_quantization"], true);
  const Json json = Json::parse(write_aimet_1_0_0(sample_table(), {}));
  EXPECT_EQ(json["param_encodings"][0]["name"], "conv1.weight");
  EXPECT_EQ(json["param_encodings"][0]["enc_type"], "PER_CHANNEL");
  EXPECT_EQ(json["param_encodings"][0]["scale"], (std::vector<double>{0.5, 0.25}));
  EXPECT_EQ(json["param_encodings"][0]["offset"], (std::vector<int>{-128, -128}));
  EXPECT_EQ(json["param_encodings"][1]["enc_type"], "PER_TENSOR");
}

TEST(Aimet, TheNewerLayoutIsAList) {
  const Json json = Json::parse(write_aimet_1_0_0(sample_table(), {}));
  EXPECT_EQ(json["version"], "1.0.0");
  EXPECT_EQ(json["activation_encodings"].size(), 5);
  const Json& image = json["activation_encodings"][0];
  EXPECT_EQ(image["name"], "images");
  EXPECT_EQ(image["offset"], std::vector<int>{-10});
  EXPECT_EQ(image["is_sym"], false);
}

TEST(Aimet, SixteenBitsAndChannelsAreHeld) {
  const Json json = Json::parse(write_aimet_1_0_0(table_of_16_bits(), {}));
  EXPECT_EQ(json["activation_encodings"][0]["bw"], 16);
  EXPECT_EQ(json["quantizer_args"]["activation_bitwidth"], 16);
  const Json channels = Json::parse(write_aimet_0_6_1(table_per_channel(), {}));
  EXPECT_EQ(channels["activation_encodings"]["images"].size(), 3);
}

TEST(Aimet, NamesAreUtf8) {
  expect_refuses_name(write_aimet_0_6_1, "\xff");
  expect_refuses_name(write_aimet_1_0_0, "\xff");
}

}  // namespace
}  // namespace rangefinder::exporters
