// `rangefinder inspect` as a user runs it.

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Inspect = ProgramTest;

TEST_F(Inspect, TellsWhatStatisticsHold) {
  write_model();
  succeed({"observe", path("model.onnx"), "--data", write_samples(3), "--samples", "3", "-o",
           path("all.rfs")});
  const Json seen = json_of({"inspect", path("all.rfs"), "--json"});
  EXPECT_THAT(support::keys(seen), ElementsAre("file", "model_fingerprint", "samples", "tensors"));
  EXPECT_EQ(seen["file"], path("all.rfs"));
  EXPECT_EQ(seen["samples"], 3);
  const Json& input = seen["tensors"][0];
  EXPECT_EQ(input["name"], "x");
  EXPECT_EQ(input["count"], 3 * 2 * 64);
  EXPECT_LT(input["min"].get<double>(), -1);
  EXPECT_GT(input["max"].get<double>(), 1);
  const std::string table = succeed({"inspect", path("all.rfs")});
  EXPECT_THAT(table, StartsWith(path("all.rfs") + ": 3 samples, "));
  EXPECT_THAT(table, HasSubstr("\nx "));
}

TEST_F(Inspect, TellsWhatWouldBeQuantizedAndWhatIs) {
  const std::string model = write_model();
  const Json real = json_of({"inspect", model, "--json"});
  EXPECT_EQ(real["file"], model);
  EXPECT_EQ(real["bytes"], read_file(model).size());
  EXPECT_EQ(real["opset"], 13);
  EXPECT_EQ(real["target"], "ort-cpu");
  EXPECT_EQ(real["integer_nodes"], 2);
  EXPECT_EQ(real["eligible_nodes"], 2);
  EXPECT_GT(real["observed_tensors"], 2);
  EXPECT_THAT(real["float_nodes"], IsEmpty());
  succeed({"quantize", model, "--data", write_samples(2), "-o", path("int8.onnx")});
  const Json quantized = json_of({"inspect", path("int8.onnx"), "--json"});
  EXPECT_EQ(support::keys(quantized), support::keys(real));
  EXPECT_EQ(quantized["integer_nodes"], 2);
  EXPECT_EQ(quantized["observed_tensors"], 0);
  EXPECT_THAT(succeed({"inspect", path("int8.onnx")}), HasSubstr("2 of 2 Conv, Gemm and MatMul"));
}

TEST_F(Inspect, WhatIsForModelsSaysNothingOfStatistics) {
  write_model();
  succeed({"observe", path("model.onnx"), "--data", write_samples(2), "-o", path("all.rfs")});
  expect_failure({"inspect", path("all.rfs"), "--exclude", "x"}, 2, {"--exclude is for models"});
  expect_failure({"inspect", path("all.rfs"), "--target", "ort-cpu"}, 2,
                 {"--target is for models"});
}

TEST_F(Inspect, AModelOfNothingToQuantizeIsFine) {
  test_support::OnnxBuilder b;
  b.input("x", {-1, 4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {-1, 4});
  const Json relu = json_of({"inspect", write("relu.onnx", b.bytes()), "--json"});
  EXPECT_EQ(relu["eligible_nodes"], 0);
}

TEST_F(Inspect, DrawsHistogramsAndPrintsCsv) {
  write_model();
  succeed({"observe", path("model.onnx"), "--data", write_samples(3), "--samples", "3", "-o",
           path("all.rfs")});
  ::setenv("COLUMNS", "60", 1);
  const std::string chart = succeed({"inspect", path("all.rfs"), "--histogram", "x"});
  ::unsetenv("COLUMNS");
  EXPECT_THAT(chart, StartsWith("x: 384 values\n"));
  EXPECT_THAT(chart, HasSubstr("█"));
  EXPECT_THAT(succeed({"inspect", path("all.rfs"), "--histogram", "*", "--csv"}),
              StartsWith("tensor,lower,upper,count\nx,-"));
  EXPECT_THAT(succeed({"inspect", path("all.rfs"), "--csv"}),
              StartsWith("tensor,channels,count,min,max,zero_share,nan_count,inf_count\nx,1,384,"));
  const Json json = json_of({"inspect", path("all.rfs"), "--histogram", "x", "--json"});
  uint64_t count = 0;
  for (const Json& bucket : json["tensors"][0]["buckets"]) count += bucket["count"].get<uint64_t>();
  EXPECT_EQ(count, 384);
  expect_failure({"inspect", path("all.rfs"), "--histogram", "xx"}, 1, {"'xx'"});
  expect_failure({"inspect", path("all.rfs"), "--csv", "--json"}, 2, {"--csv"});
  expect_failure({"inspect", path("model.onnx"), "--histogram", "x"}, 2, {"statistics (.rfs)"});
}

TEST_F(Inspect, TroubleIsExitCode1AndNamesTheFile) {
  for (const char* name : {"none.rfs", "none.onnx"}) {
    expect_failure({"inspect", path(name)}, 1, {path(name) + ": ", "No such file"});
  }
  for (const char* name : {"text.rfs", "text.onnx"}) {
    expect_failure({"inspect", write(name, "neither"), "--json"}, 1, {path(name) + ": ", "not"});
  }
  expect_failure({"inspect", path("tmp")}, 1, {path("tmp") + ": is a folder"});
}

TEST_F(Inspect, WrongUsageIsExitCode2) {
  expect_failure({"inspect"}, 2, {"FILE"});
  expect_failure({"inspect", write_model(), "--target", "abacus"}, 2, {"'abacus'", "ort-cpu"});
  expect_failure({"inspect", path("model.onnx"), "--xml"}, 2, {"--xml"});
}

}  // namespace
}  // namespace rangefinder::cli
