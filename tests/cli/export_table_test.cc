// `rangefinder export-table` as a user runs it.

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ExportTable : public ProgramTest {
 protected:
  ExportTable() {
    write_model();
    succeed({"quantize", path("model.onnx"), "--data", write_samples(5), "--effort", "fast", "-o",
             path("int8.onnx"), "--summary", path("summary.json")});
  }

  Words command(const std::string& source, const std::string& format,
                const Words& more = {}) const {
    return joined({"export-table", path(source), "--format", format, "-o", path("table")}, more);
  }
};

TEST_F(ExportTable, WritesATableOfAModelAndOfItsSummary) {
  succeed(command("int8.onnx", "tensorrt-cache", {"--trt-version", "8.6.1"}));
  const std::string table = content("table");
  EXPECT_THAT(table, StartsWith("TRT-8601-EntropyCalibration2\nx: "));
  succeed(command("summary.json", "tensorrt-cache", {"--trt-version", "8.6.1"}));
  EXPECT_EQ(content("table"), table);
  succeed(command("summary.json", "tensorrt-cache",
                  {"--trt-version", "10.3", "--trt-algorithm", "MinMaxCalibration"}));
  EXPECT_THAT(content("table"), StartsWith("TRT-100300-MinMaxCalibration\n"));
}

TEST_F(ExportTable, ASummaryNeedsTheFloatModelForLayers) {
  expect_failure(command("summary.json", "ncnn"), 1, {"summary.json", "--model"});
  succeed(command("summary.json", "ncnn", {"--model", path("model.onnx")}));
  EXPECT_THAT(content("table"), HasSubstr("Conv_c_param_0 "));
}

TEST_F(ExportTable, WrongUsageIsExitCode2) {
  expect_failure(command("int8.onnx", "caffe"), 2, {"'caffe'", "tensorrt-cache", "ncnn"});
  expect_failure(command("int8.onnx", "tensorrt-cache"), 2, {"--trt-version"});
  expect_failure(command("int8.onnx", "tensorrt-cache", {"--trt-version", "12"}), 2, {"'12'"});
  expect_failure(command("int8.onnx", "ppl", {"--trt-version", "8.6.1"}), 2, {"tensorrt-cache"});
  expect_failure({"export-table", path("int8.onnx"), "-o", path("table")}, 2, {"--format"});
}

TEST_F(ExportTable, FilesThatDoNotServeAreNamed) {
  expect_failure(command("model.onnx", "ppl"), 1, {path("model.onnx"), "quantized model"});
  expect_failure(command("none.onnx", "ppl"), 1, {path("none.onnx"), "No such file"});
  write("cut.json", content("summary.json").substr(0, 300));
  expect_failure(command("cut.json", "ppl"), 1, {path("cut.json")});
  write("other.json", std::string("{\"a\": 1}"));
  expect_failure(command("other.json", "ppl"), 1, {path("other.json"), "no summary"});
  expect_failure({"export-table", path("int8.onnx"), "--format", "ppl", "-o", path("int8.onnx")}, 1,
                 {path("int8.onnx"), "read by this run"});
}

/// Names are arbitrary bytes: what a format cannot hold is named, and nothing is written.
TEST_F(ExportTable, NamesThatAFormatCannotHoldAreNamed) {
  test_support::OnnxBuilder b;
  b.input("my x", {-1, 4});
  b.weights("w", {4, 4});
  b.node("MatMul", {"my x", "w"}, {"y"});
  b.output("y", {-1, 4});
  write("model.onnx", b.bytes());
  succeed({"quantize", path("model.onnx"), "--data", write("one.npy", {1, 4}, {1, 2, 3, -4}), "-o",
           path("int8.onnx")});
  expect_failure(command("int8.onnx", "tengine"), 1, {path("int8.onnx"), "'my x'", "white space"});
  succeed(command("int8.onnx", "ort-cache"));
  EXPECT_THAT(content("table"), StartsWith("my x "));
}

}  // namespace
}  // namespace rangefinder::cli
