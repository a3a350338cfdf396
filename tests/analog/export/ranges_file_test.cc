#include "analog/export/ranges_file.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "analog/models.h"
#include "base/error.h"
#include "base/file.h"
#include "data/npz.h"

namespace rangefinder::analog {
namespace {

using testing::HasSubstr;

std::filesystem::path file(const std::string& name) { return testing::TempDir() + name; }

TEST(RangesJson, RoundTripsExactly) {
  const AnalogModel model = calibrated_model(network(254, 7));
  const NetworkRanges ranges = parse_ranges(ranges_json(model));
  ASSERT_EQ(ranges.size(), model.layers.size());
  const LayerRanges& first = ranges.at("Conv_c1");
  EXPECT_EQ(first.input_range, model.layers[0].input_range);
  EXPECT_EQ(first.slices, (std::vector<int64_t>{6, 6, 6}));
  EXPECT_EQ(first.module, "conv1");
}

TEST(WriteRanges, BothFormsBringTheRangesBack) {
  const AnalogModel calibrated = calibrated_model(network(254, 7));
  for (const char* name : {"ranges_file_test.json", "ranges_file_test.npz"}) {
    write_ranges(file(name), calibrated);
    AnalogModel model = convert_to_analog(mixed_model(), network(254, 7));
    load_ranges(file(name), model);
    for (size_t i = 0; i < model.layers.size(); ++i) {
      EXPECT_EQ(model.layers[i].input_range, calibrated.layers[i].input_range);
      EXPECT_TRUE(model.layers[i].config.pre_post.input_range.enable);
    }
    std::filesystem::remove(file(name));
  }
}

TEST(WriteRanges, ArchivesHaveTheReferencesParameterNames) {
  const AnalogModel model = calibrated_model(network(254));
  write_ranges(file("names.npz"), model);
  const auto arrays = data::read_npz(file("names.npz"));
  ASSERT_TRUE(arrays.contains("conv1.input_range"));
  ASSERT_TRUE(arrays.contains("MatMul_m.input_range"));
  EXPECT_EQ(arrays.at("fc1.input_range").shape(), (tensor::Shape{1}));
  std::filesystem::remove(file("names.npz"));
}

TEST(LoadRanges, ThatDoNotFitChangeNothing) {
  const AnalogModel calibrated = calibrated_model(network(254, 7));
  write_ranges(file("misfit.json"), calibrated);
  AnalogModel coarse = convert_to_analog(mixed_model(), network(254, -1));
  try {
    load_ranges(file("misfit.json"), coarse);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("misfit.json"));
    EXPECT_THAT(error.what(), HasSubstr("Conv_c1"));
    EXPECT_THAT(error.what(), HasSubstr("3 ranges"));
  }
  EXPECT_TRUE(coarse.layers[0].input_range.empty());
  std::filesystem::remove(file("misfit.json"));
}

TEST(SetRanges, RefusesMissingAndNegativeOnes) {
  AnalogModel model = calibrated_model(network(254));
  NetworkRanges ranges = parse_ranges(ranges_json(model));
  ranges["fc"] = {};
  ranges.at("Gemm_g").input_range[0] = -1.0f;
  EXPECT_THROW(set_ranges(ranges, model), Error);
  ranges.at("Gemm_g").input_range[0] = NAN;
  EXPECT_THROW(set_ranges(ranges, model), Error);
  ranges.erase("Gemm_g");
  EXPECT_THROW(set_ranges(ranges, model), Error);
}

TEST(SetRanges, TakesNegativeOnesWhereTheOriginalIsReproduced) {
  AnalogModel model = convert_to_analog(mixed_model(), network(254), Compatibility::kAihwkit);
  NetworkRanges ranges = parse_ranges(ranges_json(calibrated_model(network(254))));
  ranges.at("Gemm_g").input_range[0] = -1.0f;
  set_ranges(ranges, model);
  EXPECT_EQ(model.find("Gemm_g")->input_range[0], -1.0f);
  ranges.at("Gemm_g").input_range[0] = INFINITY;
  EXPECT_THROW(set_ranges(ranges, model), Error);
}

// As many slices, cut elsewhere: of a model whose layers are other ones.
TEST(SetRanges, RefusesSlicesOfOtherWidths) {
  AnalogModel model = calibrated_model(network(254, 7));
  NetworkRanges ranges = parse_ranges(ranges_json(model));
  ranges.at("Conv_c1").slices = {6, 6, 5};
  EXPECT_THROW(set_ranges(ranges, model), Error);
}

TEST(ParseRanges, RefusesOtherFiles) {
  for (const char* text :
       {"", "[]", "{}", R"({"layers": {"a": {}}})", R"({"layers": {"a": {"input_range": ["1"]}}})",
        R"({"layers": {"a": {"input_range": [1e300]}}})",
        R"({"layers": {"a": {"input_range": 1}}})", R"({"layers": {"a": 1}})", R"({"layers": [1]})",
        R"({"layers": {"a": {"input_range": [1], "slices": [1.5]}}})",
        R"({"layers": {"a": {"input_range": [1], "slices": [-1]}}})",
        R"({"layers": {"a": {"input_range": [1], "module": 3}}})"}) {
    EXPECT_THROW(parse_ranges(text), std::invalid_argument) << text;
  }
}

TEST(ParseRanges, RefusesWhatIsNestedDeeply) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_THROW(parse_ranges(R"({"layers": {"a": {"input_range": )" + deep + "}}}"),
               std::invalid_argument);
  EXPECT_THROW(parse_ranges(deep), std::invalid_argument);
}

}  // namespace
}  // namespace rangefinder::analog
