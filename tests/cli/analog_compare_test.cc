// `rangefinder analog compare` as a user runs it.

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

class AnalogCompare : public ProgramTest {
 protected:
  AnalogCompare() {
    write_model();
    write("rpu.json", std::string(R"({"forward": {"inp_res": 254, "out_bound": 12, "out_res": 254,
                                                  "out_noise": 0.02}})"));
    data_ = write_samples(3);
    succeed({"analog", "calibrate", path("model.onnx"), "--rpu-config", path("rpu.json"), "--type",
             "mse", "--data", data_, "-o", path("analog.onnx")});
  }

  Words command(const Words& more = {}) const {
    return joined({"analog", "compare", path("model.onnx"), path("analog.onnx"), "--data", data_},
                  more);
  }

  std::string data_;
};

TEST_F(AnalogCompare, MeasuresLayersAndOutputs) {
  const Json found = json_of(command({"--types", "none", "--json"}));
  EXPECT_THAT(support::keys(found), IsSupersetOf({"outputs", "layers", "types", "samples"}));
  EXPECT_THAT(support::keys(found["outputs"][0]),
              IsSupersetOf({"name", "sqnr_db", "cosine", "max_abs_error", "nonfinite_count"}));
  EXPECT_EQ(found["outputs"][0]["name"], "y");
  EXPECT_GT(found["outputs"][0]["sqnr_db"].get<double>(), 20);
  ASSERT_EQ(found["layers"].size(), 2u);
  EXPECT_THAT(support::keys(found["layers"][0]),
              IsSupersetOf({"name", "sqnr_db", "input_range", "clipped_share"}));
  EXPECT_EQ(found["layers"][0]["name"], "Conv_c");
  EXPECT_THAT(found["types"], IsEmpty());
  EXPECT_EQ(found["samples"], 3);
  EXPECT_EQ(json_of(command({"--types", "none", "--json", "--samples", "2"}))["samples"], 2);
}

TEST_F(AnalogCompare, JudgesEachTypeTheSameForAnyNumberOfJobs) {
  const Json found = json_of(command({"--json", "--jobs", "1"}));
  EXPECT_THAT(support::keys(found["types"]), ElementsAre("max", "moving-std", "moving-quantile",
                                                         "cache-quantile", "quantile", "mse"));
  EXPECT_EQ(found["types"]["max"]["outputs"][0]["name"], "y");
  EXPECT_EQ(json_of(command({"--json", "--jobs", "2"})), found);
}

// Signed quantiles of data that are mostly negative give negative ranges.
TEST_F(AnalogCompare, ReadsWhatTheOriginalsMistakesGive) {
  succeed({"analog", "calibrate", path("model.onnx"), "--rpu-config", path("rpu.json"), "--type",
           "moving-quantile", "--quantile", "0.25", "--compat", "aihwkit", "--data", data_, "-o",
           path("analog.onnx")});
  const Json found = json_of(command({"--types", "none", "--noise-draws", "1", "--json"}));
  EXPECT_LT(found["layers"][0]["input_range"][0], 0);
  EXPECT_EQ(found["layers"][0]["clipped_share"][0], 1.0);
}

TEST_F(AnalogCompare, DrawsNoise) {
  const Words draw = command({"--types", "none", "--noise-draws", "4", "--seed", "3"});
  const Json noise = json_of(joined(draw, {"--json"}))["noise"];
  EXPECT_THAT(support::keys(noise),
              ElementsAre("relative_error", "mean", "spread", "without_noise"));
  EXPECT_EQ(noise["relative_error"].size(), 4u);
  EXPECT_GT(noise["mean"], noise["without_noise"]);
  EXPECT_THAT(succeed(draw), HasSubstr("over 4 draws"));
}

TEST_F(AnalogCompare, PrintsATable) {
  const std::string table = succeed(command({"--types", "max"}));
  for (const char* part : {"Conv_c", "Gemm_y", "output y", "by max: y"}) {
    EXPECT_THAT(table, HasSubstr(part));
  }
}

TEST_F(AnalogCompare, TroubleIsExitCode1AndNamesTheFile) {
  const auto refused = [&](const std::string& real, const std::string& analog,
                           const std::string& part) {
    expect_failure({"analog", "compare", real, analog, "--data", data_}, 1, {part});
  };
  refused(path("none.onnx"), path("analog.onnx"), path("none.onnx"));
  refused(path("model.onnx"), path("none.onnx"), path("none.onnx"));
  refused(path("model.onnx"), path("model.onnx"), "ranges");
  const std::string bad = write("bad.npy", {1, 1, 8}, std::vector<float>(8));
  expect_failure({"analog", "compare", path("model.onnx"), path("analog.onnx"), "--data", bad}, 1,
                 {bad + ": "});
}

TEST_F(AnalogCompare, WrongUsageIsExitCode2) {
  expect_failure(command({"--types", "max,median"}), 2, {"'median'", "cache-quantile"});
  expect_failure(command({"--quantile", "0"}), 2, {"quantile"});
  expect_failure(command({"--noise-draws", "0"}), 2, {"--noise-draws"});
  expect_failure(command({"--nonfinite", "ignore"}), 2, {"--nonfinite"});
  expect_failure({"analog", "compare", path("model.onnx"), "--data", data_}, 2, {"ANALOG"});
}

}  // namespace
}  // namespace rangefinder::cli
