// `rangefinder analog calibrate` as a user runs it.

#include <cmath>
#include <csignal>
#include <map>
#include <set>

#include "cli/fixture.h"
#include "data/npz.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;

class AnalogCalibrate : public ProgramTest {
 protected:
  AnalogCalibrate() {
    write_model();
    write("rpu.json",
          std::string(R"({"forward": {"inp_res": 254}, "mapping": {"max_input_size": 5}})"));
  }

  Words command(const Words& more) const {
    return joined({"analog", "calibrate", path("model.onnx"), "--rpu-config", path("rpu.json"),
                   "-o", path("analog.onnx")},
                  more);
  }
  Words command(const std::string& type, const std::string& data, const Words& more = {}) const {
    return joined(command({"--type", type, "--data", data}), more);
  }
};

TEST_F(AnalogCalibrate, FindsTheRangeOfEachSlice) {
  const std::string printed =
      succeed(command("max", write_samples(3), {"--ranges", path("ranges.json")}));
  EXPECT_THAT(printed, HasSubstr("Conv_c"));
  EXPECT_THAT(printed, HasSubstr("2 slices"));
  const Json layers = json_in("ranges.json")["layers"];
  EXPECT_THAT(support::keys(layers), testing::UnorderedElementsAre("Conv_c", "Gemm_y"));
  EXPECT_EQ(layers["Conv_c"]["slices"], Json({5, 4}));
  ASSERT_EQ(layers["Conv_c"]["input_range"].size(), 2u);
  EXPECT_GT(layers["Conv_c"]["input_range"][0], 1);
  const Json model = json_of({"inspect", path("analog.onnx"), "--json"});
  EXPECT_EQ(model["file"], path("analog.onnx"));
}

TEST_F(AnalogCalibrate, TheRangesMayGoIntoAnArchive) {
  succeed(command("quantile", write_samples(2), {"--ranges", path("ranges.npz")}));
  const tensor::NamedTensors ranges = data::read_npz(path("ranges.npz"));
  EXPECT_EQ(ranges.at("Conv_c.input_range").shape(), tensor::Shape{2});
}

TEST_F(AnalogCalibrate, KnowsEachType) {
  const std::string data = write_samples(3);
  std::set<std::string> found;
  const Words quantile = {"--quantile", "0.9"};
  for (const auto& [type, options] : std::map<std::string, Words>{{"max", {}},
                                                                  {"moving-std", {}},
                                                                  {"MOVING_QUANTILE", quantile},
                                                                  {"cache-quantile", quantile},
                                                                  {"Quantile", quantile},
                                                                  {"mse", {}}}) {
    succeed(command(type, data, joined({"--ranges", path("ranges.json")}, options)));
    found.insert(json_in("ranges.json")["layers"]["Conv_c"]["input_range"].dump());
  }
  EXPECT_GE(found.size(), 5u);
}

TEST_F(AnalogCalibrate, AnyNumberOfJobsGivesTheSameBytes) {
  const std::string data = write_samples(7);
  for (const auto& [type, options] : std::map<std::string, Words>{
           {"cache-quantile", {"--max-samples", "10"}}, {"moving-std", {}}}) {
    succeed(command(type, data, joined({"--jobs", "1"}, options)));
    const std::string one = content("analog.onnx");
    succeed(command(type, data, joined({"--jobs", "2"}, options)));
    EXPECT_EQ(content("analog.onnx"), one) << type;
  }
}

TEST_F(AnalogCalibrate, WithoutAUsableGpuTheCpuIsTakenAndThatIsTold) {
  const std::string data = write_samples(3);
  succeed(command("max", data));
  const std::string on_cpu = content("analog.onnx");
  const auto result = run_alone(command("max", data, {"--device", "cuda"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.errors, HasSubstr("cuda:0 cannot be used, the CPU is: "));
  EXPECT_EQ(content("analog.onnx"), on_cpu);
}

TEST_F(AnalogCalibrate, TheOptionsOfTheTypesCount) {
  const std::string data = write_samples(3);
  const auto range = [&](const std::string& type, const Words& more) {
    succeed(command(type, data, joined({"--ranges", path("ranges.json")}, more)));
    return json_in("ranges.json")["layers"]["Conv_c"]["input_range"][0].get<float>();
  };
  EXPECT_NEAR(range("moving-std", {"--std-alpha", "2"}),
              2 * range("moving-std", {"--std-alpha", "1"}), 1e-5);
  EXPECT_LT(range("quantile", {"--quantile", "0.5"}), range("quantile", {"--quantile", "0.9"}));
  EXPECT_LE(range("max", {"--samples", "1"}), range("max", {}));
  EXPECT_LT(range("moving-quantile", {"--quantile", "0.75", "--compat", "aihwkit"}),
            range("moving-quantile", {"--quantile", "0.75"}))
      << "signed quantiles";
}

TEST_F(AnalogCalibrate, WrongUsageIsExitCode2) {
  const std::string data = write_samples(1);
  const auto refused = [&](const std::string& type, const Words& more, const Words& parts) {
    expect_failure(command(type, data, more), 2, parts);
  };
  refused("median", {}, {"'median'", "moving-std, moving-quantile, cache-quantile"});
  refused("quantile", {"--quantile", "1.5"}, {"1.5"});
  refused("cache-quantile", {"--max-samples", "0"}, {"max_samples"});
  refused("moving-std", {"--std-alpha", "0"}, {"std_alpha"});
  refused("mse", {"--compat", "aihwkit"}, {"mse"});
  refused("max", {"--compat", "ppq"}, {"ppq"});
  refused("max", {"--progress", "loud"}, {"'loud'"});
  refused("max", {"--nonfinite", "ignore"}, {"--nonfinite"});
  refused("max", {"--quantile", "0.9"}, {"--quantile would change nothing", "not by max"});
  refused("quantile", {"--seed", "1"}, {"read by cache-quantile, not by quantile"});
  refused("quantile", {"--quantile", "99.9"}, {"0.999"});
  refused("quantil", {}, {"did you mean 'quantile'"});
  refused("max", {"--scale", "1,2"}, {"--scale"});
  expect_failure(command({"--data", data}), 2, {"--type"});
  expect_failure(command({"--type", "max"}), 2, {"--data"});
  expect_failure({"analog"}, 2, {"analog: one of its commands"});
}

TEST_F(AnalogCalibrate, TroubleIsExitCode1AndNamesTheFile) {
  const std::string data = write_samples(1);
  const auto with_config = [&](const std::string& config, const Words& parts) {
    expect_failure({"analog", "calibrate", path("model.onnx"), "--rpu-config", config, "--type",
                    "max", "--data", data, "-o", path("analog.onnx")},
                   1, joined({config + ": "}, parts));
  };
  with_config(path("none.json"), {"No such file"});
  with_config(write("text.json", "inp_res = 254"), {"not JSON"});
  with_config(write("field.json", R"({"forward": {"in_res": 254}})"), {"forward.in_res"});
  expect_failure({"analog", "calibrate", path("none.onnx"), "--rpu-config", path("rpu.json"),
                  "--type", "max", "--data", data, "-o", path("analog.onnx")},
                 1, {path("none.onnx") + ": "});
  expect_failure(command("max", path("none")), 1, {path("none") + ": "});
  const std::string bad = write("bad.npy", {1, 1, 8}, std::vector<float>(8));
  expect_failure(command("max", bad), 1, {bad + ": ", "[1, 1, 8]", "[?, 1, 8, 8]"});
  tensor::Tensor sample = support::stream_batch("normal", 7, {1, 1, 8, 8});
  sample.floats()[0] = std::nanf("");
  const std::string nan = write("nan.npy", sample);
  expect_failure(command("max", nan), 1, {"'Conv_c'", "'x'", "NaN"});
  const std::string zeros = write("zeros.npy", support::stream_batch("zeros", 7, {1, 1, 8, 8}));
  expect_failure(command("max", zeros), 1, {"'Conv_c'"});
  expect_failure(command("max", data, {"--ranges", path("none/ranges.json")}), 1,
                 {path("none/ranges.json") + ": "});
}

TEST_F(AnalogCalibrate, NothingAnalogIsAnError) {
  const std::string data = write_samples(1);
  write("rpu.json", std::string(R"({"exclude": ["*"]})"));
  expect_failure(command("max", data), 1,
                 {path("model.onnx") + ": ", "nothing becomes analog", "Conv 'Conv_c'"});
}

TEST_F(AnalogCalibrate, StopsWhenAskedAndLeavesNothing) {
  expect_nothing_left_after(
      SIGINT,
      joined(command({"--type", "max", "--ranges", path("ranges.json"), "--progress", "json"}),
             long_data()));
}

}  // namespace
}  // namespace rangefinder::cli
