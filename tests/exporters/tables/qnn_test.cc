#include "exporters/tables/sample_table.h"

namespace rangefinder::exporters {
namespace {

using Json = nlohmann::json;

TEST(Qnn, BoundsFollowFromOffsetAndScale) {
  const Json json = Json::parse(write_qnn(sample_table(), {}));
  EXPECT_EQ(json["activation_encodings"].size(), 5);
  for (const auto& [name, encodings] : json["activation_encodings"].items()) {
    const double scale = encodings[0]["scale"];
    const double offset = encodings[0]["offset"];
    EXPECT_EQ(encodings[0]["min"], offset * scale) << name;
    EXPECT_EQ(encodings[0]["max"], (offset + 255) * scale) << name;
  }
  EXPECT_EQ(json["activation_encodings"]["negative"][0]["offset"], -250);
  EXPECT_EQ(json["param_encodings"]["conv1.weight"].size(), 2);
}

TEST(Qnn, NamesAreUtf8) { expect_refuses_name(write_qnn, "\xff"); }

}  // namespace
}  // namespace rangefinder::exporters
