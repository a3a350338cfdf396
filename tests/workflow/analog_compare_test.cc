#include "workflow/analog_compare.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "analog/export/export_model.h"
#include "analog/models.h"
#include "base/error.h"
#include "engine/sample_pass.h"
#include "support/onnx_builder.h"

namespace rangefinder::workflow {
namespace {

using analog::AnalogModel;
using analog::calibrated_model;
using analog::InputRangeType;
using analog::mixed_model;
using analog::network;
using analog::pictures;
using analog::StreamSource;

TEST(CompareAnalog, MoreLevelsAreBetter) {
  const StreamSource samples = pictures();
  const auto sqnr = [&](double inp_res) {
    const auto exported = export_model(calibrated_model(network(inp_res, 7)));
    return compare_analog(mixed_model(), exported, samples).outputs.at(0).sqnr_db;
  };
  EXPECT_GT(sqnr(254), sqnr(62) + 6);
  EXPECT_GT(sqnr(62), sqnr(14) + 6);
}

TEST(CompareAnalog, TellsLayersSlicesAndTypes) {
  const StreamSource samples = pictures();
  const auto exported = export_model(calibrated_model(network(254, 7)));
  AnalogCompareOptions options;
  options.types = {InputRangeType::kMovingStd, InputRangeType::kMse};
  const AnalogComparison comparison = compare_analog(mixed_model(), exported, samples, options);
  EXPECT_EQ(comparison.sample_count, 4u);
  ASSERT_EQ(comparison.layers.size(), 4u);
  EXPECT_EQ(comparison.layers[0].output.name, "Conv_c1");
  EXPECT_EQ(comparison.layers[0].clipped_share, (std::vector<double>{0, 0, 0}));
  EXPECT_GT(comparison.layers[0].output.sqnr_db, 30);
  ASSERT_EQ(comparison.types.size(), 2u);
  EXPECT_GT(comparison.types[1].outputs.at(0).sqnr_db, 20);
}

TEST(CompareAnalog, WithoutAResolutionLeavesMseOut) {
  const StreamSource samples = pictures();
  const auto exported = export_model(calibrated_model(network(-1)));
  AnalogCompareOptions options;
  options.types = {InputRangeType::kMse};
  EXPECT_TRUE(compare_analog(mixed_model(), exported, samples, options).types.empty());
}

TEST(CompareAnalog, RefusesAModelThatTellsNoRanges) {
  const StreamSource samples = pictures();
  EXPECT_THROW(compare_analog(mixed_model(), mixed_model(), samples), Error);
}

// A model that calibrated nothing has converters, but no ranges.
TEST(CompareAnalog, JudgesAModelThatWasNotCalibrated) {
  const StreamSource samples = pictures();
  const auto exported = export_model(analog::convert_to_analog(mixed_model(), network(-1)));
  const auto comparison = compare_analog(mixed_model(), exported, samples);
  EXPECT_GT(comparison.outputs.at(0).sqnr_db, 60);
  EXPECT_TRUE(comparison.layers.at(0).clipped_share.empty());
}

TEST(CompareAnalog, IsTheSameForAnyNumberOfJobs) {
  const StreamSource samples = pictures(7);
  const auto exported = export_model(calibrated_model(network(62, 7)));
  const auto found = [&](int jobs) {
    AnalogCompareOptions options{.types = {InputRangeType::kMovingStd}, .noise_draws = 2};
    options.run.jobs = jobs;
    return to_json(compare_analog(mixed_model(), exported, samples, options)).dump();
  };
  EXPECT_EQ(found(1), found(3));
}

// A detector finds another number of things in the analog model.
TEST(CompareAnalog, OutputsWhoseShapeDependsOnDataDoNotStopIt) {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 8});
  b.weights("w", {8, 8});
  b.initializer("zero", {}, std::vector<float>{0});
  b.node("MatMul", {"x", "w"}, {"h"});
  b.node("Greater", {"h", "zero"}, {"positive"});
  b.node("NonZero", {"positive"}, {"where"});
  b.output("h", {-1, 8});
  b.output("where", {2, -1}, onnx::TensorProto::INT64);
  const StreamSource samples("normal", {40, 8}, 4);
  AnalogModel model = analog::convert_to_analog(b.model(), network(6));
  analog::calibrate_input_ranges(model, InputRangeType::kMax, engine::feed_from(samples));
  const auto comparison = compare_analog(b.model(), export_model(model), samples);
  EXPECT_EQ(comparison.outputs.at(0).shape_mismatch_count, 0u);
  const report::OutputRow& where = comparison.outputs.at(1);
  EXPECT_GT(where.shape_mismatch_count, 0u);
  EXPECT_EQ(where.sample_count + where.shape_mismatch_count, 4u);
  EXPECT_THAT(to_table(comparison), testing::HasSubstr("another shape on"));
}

}  // namespace
}  // namespace rangefinder::workflow
