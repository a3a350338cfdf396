#include "analog/export/restore_model.h"

#include <gmock/gmock.h>

#include "analog/export/export_model.h"
#include "analog/models.h"
#include "base/error.h"

namespace rangefinder::analog {
namespace {

using testing::HasSubstr;

std::string refusal(const onnx::ModelProto& float_model, const onnx::ModelProto& exported) {
  try {
    restore_analog_model(float_model, exported);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// With ranges as the original's signed quantiles give them.
AnalogModel compatible_model() {
  AnalogModel model = convert_to_analog(mixed_model(), network(254), Compatibility::kAihwkit);
  const StreamSource samples = pictures();
  calibrate_input_ranges(model, InputRangeType::kMovingQuantile, feed_from(samples),
                         {.quantile = 0.25, .compatibility = Compatibility::kAihwkit});
  return model;
}

TEST(RestoreAnalogModel, GivesBackRangesAndConfiguration) {
  const AnalogModel model = calibrated_model(network(254, 7));
  const AnalogModel restored = restore_analog_model(mixed_model(), export_model(model));
  ASSERT_EQ(restored.layers.size(), model.layers.size());
  for (size_t i = 0; i < model.layers.size(); ++i) {
    EXPECT_EQ(restored.layers[i].input_range, model.layers[i].input_range);
    EXPECT_EQ(restored.layers[i].config, model.layers[i].config);
  }
  EXPECT_EQ(restored.compatibility, Compatibility::kNone);
}

TEST(RestoreAnalogModel, TakesNegativeRangesOfTheOriginal) {
  const AnalogModel model = compatible_model();
  ASSERT_LT(model.layers[0].input_range.at(0), 0);
  const AnalogModel restored = restore_analog_model(mixed_model(), export_model(model));
  EXPECT_EQ(restored.compatibility, Compatibility::kAihwkit);
  EXPECT_EQ(restored.layers[0].input_range, model.layers[0].input_range);
}

TEST(RestoreAnalogModel, KnowsTheOriginalByNegativeRangesWhereNothingTellsIt) {
  onnx::ModelProto exported = export_model(compatible_model());
  for (auto& entry : *exported.mutable_metadata_props()) {
    if (entry.key() == kCompatibilityKey) entry.set_key("other");
  }
  EXPECT_EQ(restore_analog_model(mixed_model(), exported).compatibility, Compatibility::kAihwkit);
}

TEST(RestoreAnalogModel, RefusesAModelThatTellsNothing) {
  EXPECT_THAT(refusal(mixed_model(), mixed_model()), HasSubstr("tells no ranges"));
}

TEST(RestoreAnalogModel, RefusesRangesOfAnotherModel) {
  const auto exported = export_model(calibrated_model(network(254, 7)));
  auto other = mixed_model();
  other.mutable_graph()->mutable_node(0)->set_name("renamed");
  EXPECT_THAT(refusal(other, exported), HasSubstr("'Conv_c1'"));
  auto without = mixed_model();
  without.mutable_graph()->mutable_node(0)->set_op_type("LpPool");
  EXPECT_THAT(refusal(without, exported), HasSubstr("no analog layer"));
}

TEST(RestoreAnalogModel, RefusesMetadataThatWasEdited) {
  const auto edited = [](const char* key, const std::string& value) {
    onnx::ModelProto exported = export_model(calibrated_model(network(254, 7)));
    for (auto& entry : *exported.mutable_metadata_props()) {
      if (entry.key() == key) entry.set_value(value);
    }
    return refusal(mixed_model(), exported);
  };
  EXPECT_THAT(edited(kRangesKey, "none"), HasSubstr(kRangesKey));
  EXPECT_THAT(edited(kConfigKey, "none"), HasSubstr(kConfigKey));
  onnx::ModelProto exported = export_model(compatible_model());
  exported.mutable_metadata_props(exported.metadata_props_size() - 1)->set_value("ppq");
  EXPECT_THAT(refusal(mixed_model(), exported), HasSubstr("'ppq'"));
}

}  // namespace
}  // namespace rangefinder::analog
