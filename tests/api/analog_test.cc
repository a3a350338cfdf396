#include "rangefinder/analog.h"

#include <stdexcept>

#include "api/fixture.h"
#include "base/file.h"

namespace rangefinder {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

using AnalogApi = ApiTest;

AnalogHardware hardware() { return AnalogHardware().set("forward.inp_res", 254); }

/// One picture a call, as the model's first input.
Sampler sampler(std::vector<Tensor> pictures) {
  return
      [pictures = std::move(pictures), next = size_t{0}]() mutable -> std::optional<ModelInputs> {
        if (next == pictures.size()) return std::nullopt;
        return ModelInputs{.positional = {pictures[next++]}};
      };
}

TEST_F(AnalogApi, CalibratesFromASamplerAsFromSamples) {
  AnalogModel called = convert_to_analog(model(), hardware());
  ASSERT_THAT(called.layers(), SizeIs(3));
  EXPECT_TRUE(called.layers()[0].input_range.empty());
  const auto type = InputRangeCalibrationType::kCacheQuantile;
  EXPECT_EQ(calibrate_input_ranges(called, type, sampler({picture(0), picture(1)})), 2u);
  AnalogModel listed = convert_to_analog(model(), hardware());
  EXPECT_EQ(calibrate_input_ranges(listed, type, memory(2)), 2u);
  AnalogModel streamed = convert_to_analog(model(), hardware());
  EXPECT_EQ(calibrate_input_ranges(streamed, type, generator(2)), 2u);
  EXPECT_EQ(called.ranges_json(), listed.ranges_json());
  EXPECT_EQ(called.ranges_json(), streamed.ranges_json());
  EXPECT_THAT(called.table(), HasSubstr(called.layers()[0].name));
}

TEST_F(AnalogApi, ExportsComparesAndCarriesRanges) {
  AnalogModel calibrated = convert_to_analog(model(), hardware());
  calibrate_input_ranges(calibrated, InputRangeCalibrationType::kMax, memory(4));
  calibrated.save({file("analog.onnx"), file("ranges.json")});
  const AnalogComparison comparison =
      compare_analog(model(), Model::load(file("analog.onnx")), memory(3),
                     {.types = {InputRangeCalibrationType::kMse}, .samples = 2});
  EXPECT_EQ(comparison.sample_count, 2u);
  EXPECT_GT(comparison.outputs.at(0).sqnr_db, 20);
  EXPECT_THAT(comparison.types, SizeIs(1));
  EXPECT_THAT(comparison.json(), HasSubstr("\"layers\""));
  AnalogModel again = convert_to_analog(model(), hardware());
  again.load_ranges(file("ranges.json"));
  EXPECT_EQ(export_analog(again).bytes(), read_file(file("analog.onnx")));
}

TEST_F(AnalogApi, HardwareIsAValue) {
  const AnalogHardware one = hardware();
  EXPECT_EQ(AnalogHardware::parse(one.json()).json(), one.json());
  AnalogHardware other = one;
  other.set("forward.inp_res", 62);
  EXPECT_NE(other.json(), one.json());
  EXPECT_THROW(other.set("forward.out_puts", 1), std::invalid_argument);
  EXPECT_THROW(AnalogHardware::load(file("missing.json")), Error);
}

TEST_F(AnalogApi, TypesGoByTheirNames) {
  EXPECT_EQ(to_string(InputRangeCalibrationType::kMovingQuantile), "moving-quantile");
  EXPECT_EQ(input_range_calibration_type("MOVING_QUANTILE"),
            InputRangeCalibrationType::kMovingQuantile);
  EXPECT_THROW(input_range_calibration_type("best"), std::invalid_argument);
  EXPECT_THROW(validate(InputRangeCalibrationType::kMax, {.quantile = 2}), std::invalid_argument);
  EXPECT_THROW(validate(InputRangeCalibrationType::kMse, {}, AnalogCompatibility::kAihwkit),
               std::invalid_argument);
}

TEST_F(AnalogApi, WithoutSamplesTheModelStaysAsItWas) {
  AnalogModel untouched = convert_to_analog(model(), hardware());
  EXPECT_THROW(calibrate_input_ranges(untouched, InputRangeCalibrationType::kMax, sampler({})),
               Error);
  EXPECT_TRUE(untouched.layers()[0].input_range.empty());
}

}  // namespace
}  // namespace rangefinder
