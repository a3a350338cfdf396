// `rangefinder import-cache` as a user runs it.

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;

class ImportCache : public ProgramTest {
 protected:
  ImportCache() {
    write_model();
    write("calibration.cache",
          std::string("TRT-8601-EntropyCalibration2\nx: 3d000000\nc: 3d800000\nr: 3d800000\n"
                      "(Unnamed Layer* 3) [Shuffle]_output: 3d800000\ngone: 3d800000\n"));
  }

  Words command(const Words& more = {}) const {
    return joined(
        {"import-cache", path("calibration.cache"), path("model.onnx"), "-o", path("int8.onnx")},
        more);
  }
};

TEST_F(ImportCache, TellsWhatBecameOfTheCache) {
  const std::string printed = succeed(command());
  EXPECT_THAT(printed, HasSubstr("TensorRT 8.6.1, EntropyCalibration2, 5 tensors"));
  EXPECT_THAT(printed, HasSubstr("1 of 2 nodes"));
  EXPECT_THAT(printed, HasSubstr("line 5: (Unnamed Layer* 3)"));
  EXPECT_THAT(printed, HasSubstr("line 6: gone"));
  EXPECT_THAT(printed, HasSubstr("Gemm_y (Gemm): 'p' has no scale"));
  const Json report = json_of(command({"--json"}));
  EXPECT_EQ(report["missing"], Json({"p"}));
  EXPECT_EQ(report["int8_nodes"], 1);
}

TEST_F(ImportCache, CalibratesWhatIsMissing) {
  const std::string samples = write_samples(4);
  const Json report = json_of(command({"--calibrate-missing", "--data", samples, "--samples", "3",
                                       "--method", "minmax", "--json"}));
  EXPECT_EQ(report["int8_nodes"], 2);
  EXPECT_TRUE(report["missing"].empty());
  // Average pool and Flatten keep what they read within its bounds.
  succeed({"compare", path("model.onnx"), path("int8.onnx"), "--data", samples});
}

TEST_F(ImportCache, WrongUsageIsExitCode2) {
  expect_failure(command({"--calibrate-missing"}), 2, {"--data"});
  expect_failure(command({"--data", path("x")}), 2, {"--calibrate-missing"});
  expect_failure(command({"--method", "kl"}), 2, {"--calibrate-missing"});
  const std::string samples = write_samples(2);
  expect_failure(command({"--calibrate-missing", "--data", samples, "--method", "magic"}), 2,
                 {"'magic'"});
  expect_failure({"import-cache", path("calibration.cache"), "-o", path("int8.onnx")}, 2,
                 {"MODEL"});
}

TEST_F(ImportCache, DamagedCachesAreNamedByLine) {
  const auto refused = [&](const std::string& text, const Words& parts) {
    write("calibration.cache", text);
    expect_failure(command(), 1, joined({path("calibration.cache")}, parts));
  };
  refused("", {"empty"});
  refused("{}", {"line 1", "TRT-"});
  refused("TRT-8601-EntropyCalibration2\nx: 3d0", {"line 2", "cut off"});
  refused("TRT-8601-EntropyCalibration2\nx: 3dzz0000\n", {"line 2", "3dzz0000"});
  refused("TRT-8601-EntropyCalibration2\nx: 3d000000\nx: 3d000000\n", {"line 3", "line 2"});
  refused("TRT-110000-EntropyCalibration2\nx: 3d000000\n", {"11.0.0", "5 to 10"});
  refused("TRT-8601-EntropyCalibration2\nz: 3d000000\n", {"none of its 1 tensors"});
  expect_failure({"import-cache", path("none"), path("model.onnx"), "-o", path("int8.onnx")}, 1,
                 {path("none"), "No such file"});
}

TEST_F(ImportCache, TheCacheIsNotReplacedByTheResult) {
  expect_failure({"import-cache", path("calibration.cache"), path("model.onnx"), "-o",
                  path("calibration.cache")},
                 1, {"read by this run"});
}

}  // namespace
}  // namespace rangefinder::cli
