// `rangefinder quantize` as a user runs it: exit codes, messages, files.

#include <cmath>
#include <csignal>
#include <limits>
#include <sstream>

#include "cli/fixture.h"
#include "data/npz.h"

namespace rangefinder::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Quantize : public ProgramTest {
 protected:
  /// The command for the small model and `count` samples, with more words at the end.
  Words command(const std::string& data, const Words& more = {}) const {
    return joined({"quantize", path("model.onnx"), "--data", data, "-o", path("int8.onnx")}, more);
  }
  Json summary_of(const std::string& data, const Words& more) const {
    succeed(command(data, joined({"--summary", path("summary.json")}, more)));
    return json_in("summary.json");
  }
  /// A sample of the model's shape with one value that is not finite.
  std::string write_bad_sample(float value) const {
    tensor::Tensor sample = support::stream_batch("normal", 7, {1, 1, 8, 8});
    sample.floats()[20] = value;
    return write("bad.npy", sample);
  }
};

TEST_F(Quantize, MakesAnIntegerModelOfARealClassifier) {
  const std::string model = std::string(EXAMPLE_MODELS) + "/fashion_cnn.onnx";
  const std::string printed =
      succeed({"quantize", model, "--data", write_samples(4, {4, 1, 28, 28}), "-o",
               path("int8.onnx"), "--summary", path("summary.json")});
  EXPECT_THAT(printed, HasSubstr("6 of 6 Conv, Gemm and MatMul nodes run in integers"));
  const Json summary = json_in("summary.json");
  EXPECT_EQ(summary["model"], model);
  EXPECT_EQ(summary["output"], path("int8.onnx"));
  EXPECT_EQ(summary["method"], "mse");
  EXPECT_EQ(summary["target"], "ort-cpu");
  EXPECT_EQ(summary["samples"], 3);
  EXPECT_EQ(summary["held_out_samples"], 1);
  EXPECT_EQ(summary["integer_nodes"], 6);
  EXPECT_EQ(summary["eligible_nodes"], 6);
  EXPECT_EQ(summary["quantized_bytes"], content("int8.onnx").size());
  EXPECT_LT(content("int8.onnx").size() * 3, read_file(model).size());
  ASSERT_EQ(summary["outputs"].size(), 1u);
  EXPECT_GT(summary["outputs"][0]["sqnr_db"].get<double>(), 20);
  EXPECT_EQ(summary["tensors"][0]["name"], "input");
  EXPECT_EQ(summary["tensors"][0]["count"], 3 * 4 * 28 * 28);
}

TEST_F(Quantize, TellsWhatBecameOfTheBiases) {
  write_model();
  const std::string data = write_samples(5);
  const Json normal = summary_of(data, {});
  EXPECT_EQ(normal["effort"], "normal");
  ASSERT_EQ(normal["bias_corrections"].size(), 2u);
  EXPECT_EQ(normal["bias_corrections"][1]["channels"], 3);
  const std::string corrected = content("int8.onnx");
  const Json fast = summary_of(data, {"--effort", "fast"});
  EXPECT_EQ(fast["effort"], "fast");
  EXPECT_THAT(fast["bias_corrections"], IsEmpty());
  EXPECT_NE(content("int8.onnx"), corrected);
  const Json thorough = summary_of(data, {"--effort", "thorough"});
  EXPECT_EQ(thorough["effort"], "thorough");
  EXPECT_THAT(thorough["notes"].dump(), HasSubstr("rounded by what they do to outputs"));
  expect_failure(command(data, {"--effort", "slow"}), 2, {"'slow'", "fast, normal, thorough"});
}

TEST_F(Quantize, EndsWithTheVerdictAndWhatToTry) {
  write_model();
  const std::string data = write_samples(12);
  const std::string printed = succeed(command(data, {"--held-out", "0"}));
  EXPECT_THAT(printed, HasSubstr("\nVERDICT   NONE\n"));
  EXPECT_THAT(printed, testing::EndsWith("\ntry       rangefinder quantize " + path("model.onnx") +
                                         " --data " + data + " -o " + path("int8.onnx") +
                                         " --held-out 32\n"));
  const Json summary = summary_of(data, {});
  EXPECT_THAT(summary["verdict"]["level"], testing::AnyOf("good", "fair", "poor"));
  EXPECT_EQ(summary["data_checks"][0]["name"], "few_samples");
  EXPECT_GT(summary["latency"]["int8_us"].get<double>(), 0);
}

TEST_F(Quantize, WhatIsRequiredIsReachedOrNothingIsWritten) {
  write_model();
  const std::string data = write_samples(12);
  succeed(command(data, {"--require-sqnr", "5"}));
  EXPECT_THAT(content("int8.onnx"), Not(IsEmpty()));
  std::filesystem::remove(path("int8.onnx"));
  const auto before = files();
  expect_failure(command(data, {"--require-sqnr", "150", "--summary", path("summary.json")}), 1,
                 {"'y'", "held-out sample", "150 dB are required"});
  EXPECT_EQ(files(), before);
  expect_failure(command(data, {"--require-sqnr", "5", "--held-out", "0"}), 2, {"held out"});
  expect_failure(command(data, {"--require-sqnr", "much"}), 2, {"--require-sqnr"});
  expect_failure(command(data, {"--require-sqnr", "nan"}), 2, {"NaN"});
}

TEST_F(Quantize, AnyNumberOfJobsGivesTheSameBytes) {
  write_model();
  const std::string data = write_samples(7);
  const auto outcome = [&](const std::string& jobs) {
    succeed(command(data, {"--jobs", jobs, "--statistics", path("all.rfs")}));
    return std::pair(content("int8.onnx"), content("all.rfs"));
  };
  EXPECT_EQ(outcome("1"), outcome("2"));
}

TEST_F(Quantize, TheOptionsOfTheMethodCount) {
  write_model();
  const std::string data = write_samples(3);
  const auto scale = [&](const Words& more) {
    const Json summary = summary_of(data, more);
    EXPECT_EQ(summary["tensors"][0]["method"], summary["method"]);
    return std::pair(summary["method"], summary["tensors"][0]["scale"].get<double>());
  };
  const auto [method, whole] = scale({"--method", "MinMax"});
  EXPECT_EQ(method, "minmax");
  EXPECT_LT(scale({"--method", "percentile", "--percentile", "0.9"}).second, 0.7 * whole);
  EXPECT_LT(scale({"--method", "std", "--alpha", "1"}).second, 0.7 * whole);
}

TEST_F(Quantize, TensorsMayHaveMethodsOfTheirOwn) {
  write_model();
  const Json summary =
      summary_of(write_samples(3), {"--method-for", "x=MINMAX", "--method-for", "?=kl"});
  for (const Json& tensor : summary["tensors"]) {
    const std::string root = tensor["root"];
    EXPECT_EQ(tensor["method"], root == "x" ? "minmax" : root.size() == 1 ? "kl" : "mse") << root;
  }
}

TEST_F(Quantize, SamplesSaysHowManyCalibrate) {
  write_model();
  const std::string data = write_samples(5);
  const Json some = summary_of(data, {"--samples", "2"});
  EXPECT_EQ(some["samples"], 2);
  EXPECT_EQ(some["held_out_samples"], 3);
  const Json all = summary_of(data, {"--samples", "9"});
  EXPECT_EQ(all["samples"], 5);
  EXPECT_THAT(all["outputs"], IsEmpty());
  EXPECT_THAT(all["notes"], ElementsAre("no sample was left to measure the error on"));
}

TEST_F(Quantize, WrongUsageIsExitCode2) {
  write_model();
  const std::string data = write_samples(1);
  const auto refused = [&](const Words& more, const Words& parts) {
    expect_failure(command(data, more), 2, parts);
  };
  refused({"--frobnicate"}, {"--frobnicate"});
  refused({"--method", "entropy"}, {"'entropy'", "isotone, kl, ", "minmax", "mse", "percentile"});
  refused({"--method-for", "x=entropy"}, {"'entropy'", "minmax"});
  refused({"--method", "percentile", "--percentile", "1.5"}, {"1.5", "(0, 1]"});
  refused({"--target", "abacus"}, {"'abacus'", "ort-cpu"});
  refused({"--jobs", "0"}, {"--jobs"});
  refused({"--samples", "0"}, {"--samples"});
  refused({"--samples", "-1"}, {"--samples"});
  refused({"--nonfinite", "maybe"}, {"'maybe'", "error, ignore"});
  refused({"--progress", "loud"}, {"'loud'", "auto, json, none"});
  expect_failure({"quantize", path("model.onnx"), "--data", data}, 2, {"--output"});
  expect_failure({"quantize", path("model.onnx"), "-o", path("int8.onnx")}, 2, {"--data"});
}

TEST_F(Quantize, ModelsThatAreNoneAreNamed) {
  const std::string data = write_samples(2);
  const std::string whole = read_file(write_model("whole.onnx"));
  const auto refused = [&](const std::string& model, const Words& parts) {
    expect_failure({"quantize", model, "--data", data, "-o", path("int8.onnx")}, 1,
                   joined({model + ": "}, parts));
  };
  refused(path("none.onnx"), {"No such file"});
  refused(path("samples"), {"folder"});
  refused(write("text.onnx", "this is no model"), {"is not an ONNX model"});
  refused(write("empty.onnx", std::string()), {"is not an ONNX model"});
  refused(write("cut.onnx", whole.substr(0, whole.size() / 2)), {"truncated"});
  test_support::OnnxBuilder b;
  b.input("x", {-1, 1, 8, 8});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", {-1, 1, 8, 8});
  refused(write("relu.onnx", b.bytes()), {"no Conv, Gemm or MatMul"});
}

TEST_F(Quantize, SamplesThatDoNotFitAreNamedWithWhatIsNeeded) {
  write_model();
  const auto refused = [&](const std::string& data, const Words& parts) {
    expect_failure(command(data), 1, joined({data}, parts));
  };
  refused(write("wide.npy", {1, 1, 8}, std::vector<float>(8)),
          {"'x'", "[1, 1, 8]", "[?, 1, 8, 8]"});
  refused(write("integers.npy", tensor::Tensor(tensor::ElementType::kInt64, {1, 1, 8, 8})),
          {"'x'", "int64", "float32"});
  const tensor::Tensor good = support::stream_batch("normal", 7, {1, 1, 8, 8});
  refused(write("named.npz", data::npz_bytes({{"image", good}})), {"'image'", "'x'"});
  refused(write("cut.npy", data::npy_bytes(good.view()).substr(0, 200)), {});
  refused(write("text.npy", "not an array"), {});
  refused(write("list.txt", "a.npy"), {"'.txt'", ".npy, .npz"});
  refused(path("none.npy"), {"No such file"});
  std::filesystem::create_directory(path("empty"));
  refused(path("empty"), {"no samples"});
  expect_failure(command(write("none_inside.npy", {0, 1, 8, 8}, {})), 1, {"no data", "'x'"});
}

TEST_F(Quantize, TheFirstBadSampleOfManyIsNamed) {
  write_model();
  const std::string good = write("good.npy", support::stream_batch("normal", 7, {1, 1, 8, 8}));
  const std::string bad = write("bad.npy", {1, 1, 8}, std::vector<float>(8));
  const std::string later = write("later.npy", {1, 1, 9}, std::vector<float>(9));
  expect_failure(command(good, {"--data", bad, good, later, good}), 1, {bad + ": "});
}

TEST_F(Quantize, WhatIsNotFiniteIsRefusedOrCounted) {
  write_model();
  const std::string data = write_samples(2);
  const float infinity = std::numeric_limits<float>::infinity();
  expect_failure(command(data, {"--data", write_bad_sample(infinity), "--samples", "3"}), 1,
                 {"tensor 'x'", "infinite values", path("bad.npy")});
  const Words with_nan = {"--data", write_bad_sample(std::nanf("")), "--samples", "3"};
  expect_failure(command(data, with_nan), 1, {"tensor 'x'", "NaN", path("bad.npy")});
  const Json summary = summary_of(data, joined(with_nan, {"--nonfinite", "ignore"}));
  EXPECT_EQ(summary["samples"], 3);
  EXPECT_EQ(summary["tensors"][0]["nan_count"], 1);
  EXPECT_EQ(summary["tensors"][0]["inf_count"], 0);
  EXPECT_EQ(summary["tensors"][0]["count"], 5 * 64);
}

TEST_F(Quantize, FilesThatCannotBeWrittenAreFoundBeforeTheWork) {
  write_model();
  const std::string data = write_samples(2);
  const std::string output = path("none/int8.onnx");
  expect_failure({"quantize", path("model.onnx"), "--data", data, "-o", output, "--statistics",
                  path("all.rfs"), "--progress", "json"},
                 1, {"rangefinder: " + output + ": "});
  expect_failure({"quantize", path("model.onnx"), "--data", data, "-o", path("samples")}, 1,
                 {path("samples") + ": is a folder"});
  for (const char* option : {"--summary", "--statistics"}) {
    const std::string file = path("none/file");
    const auto result = run(command(data, {option, file, "--progress", "json"}));
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, testing::StartsWith("rangefinder: " + file + ": ")) << option;
    EXPECT_FALSE(std::filesystem::exists(path("int8.onnx"))) << option;
  }
}

TEST_F(Quantize, AFailureLeavesTheOldFilesAsTheyWere) {
  write_model();
  write("int8.onnx", std::string("the model of yesterday"));
  expect_failure(command(write_bad_sample(std::nanf(""))), 1, {"NaN"});
  EXPECT_EQ(content("int8.onnx"), "the model of yesterday");
}

TEST_F(Quantize, ReportsProgressAsJsonOrNotAtAll) {
  write_model();
  const std::string data = write_samples(3);
  EXPECT_EQ(run(command(data)).errors, "") << "standard error is no terminal";
  EXPECT_EQ(run(command(data, {"--progress", "none"})).errors, "");
  const support::ProgramResult result = run(command(data, {"--progress", "json", "--jobs", "2"}));
  EXPECT_THAT(result.output, Not(HasSubstr("event")));
  std::istringstream lines(result.errors);
  std::vector<std::string> events;
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line);
    EXPECT_THAT(support::keys(event), ElementsAre("event", "stage", "done", "total", "seconds"));
    events.push_back(event["stage"].get<std::string>() + event["done"].dump() + "/" +
                     event["total"].dump());
  }
  EXPECT_THAT(events, ElementsAre("observe1/2", "observe2/2", "compare1/1"));
}

TEST_F(Quantize, StopsWhenAskedAndLeavesNothing) {
  write_model();
  expect_nothing_left_after(
      SIGINT, joined({"quantize", path("model.onnx"), "-o", path("int8.onnx"), "--statistics",
                      path("all.rfs"), "--summary", path("summary.json"), "--progress", "json"},
                     long_data()));
}

TEST_F(Quantize, NamesNeedNotBeUtf8) {
  write_model("caf\xe9.onnx");
  succeed({"quantize", path("caf\xe9.onnx"), "--data", write_samples(2), "-o", path("int8.onnx"),
           "--summary", path("summary.json")});
  EXPECT_EQ(json_in("summary.json")["model"], path("caf\xef\xbf\xbd.onnx"));
}

TEST_F(Quantize, AMetricOfTheUsersDecidesWhatStaysFloat) {
  write_model();
  const std::string data = write_samples(4, {4, 1, 8, 8});
  // Only models without integers are good enough.
  const std::string metric = "grep -q QuantizeLinear {model} && echo 0 || echo 1";
  const Json summary = summary_of(data, {"--metric", metric, "--max-drop", "0.5"});
  EXPECT_EQ(summary["integer_nodes"], 0);
  EXPECT_EQ(summary["choice"]["float_metric"], 1);
  EXPECT_EQ(summary["choice"]["integer_metric"], 0);
  EXPECT_EQ(summary["choice"]["reached_metric"], 1);
  EXPECT_EQ(summary["choice"]["written"], "prepared float");
  EXPECT_EQ(summary["choice"]["is_reached"], true);
}

TEST_F(Quantize, DecisionsAreWrittenAndFollowed) {
  write_model();
  const std::string data = write_samples(4, {4, 1, 8, 8});
  const Words options = {"--min-sqnr", "150", "--decisions", path("d.json")};
  const std::string printed = succeed(command(data, options));
  EXPECT_THAT(printed, HasSubstr("of 2 parts float: 150.0 dB wanted"));
  EXPECT_THAT(printed, HasSubstr("written is the prepared float model"));
  const std::string first = content("int8.onnx");
  succeed(command(data, {"--decisions", path("d.json")}));
  EXPECT_EQ(content("int8.onnx"), first);
  write_model("model.onnx", 0.25f);
  expect_failure(command(data, {"--decisions", path("d.json")}), 1, {"was made for another model"});
}

TEST_F(Quantize, OptionsOfAChoiceThatNeedEachOtherAreAskedFor) {
  write_model();
  const std::string data = write_samples(4, {4, 1, 8, 8});
  const std::string together = "--metric and --max-drop go together";
  expect_failure(command(data, {"--max-drop", "1"}), 2, {together});
  expect_failure(command(data, {"--metric", "true"}), 2, {together});
  expect_failure(command(data, {"--metric", "true", "--max-drop", "1"}), 2, {"{model}"});
  expect_failure(command(data, {"--metric-timeout", "1"}), 2, {"needs --metric"});
  expect_failure(command(data, {"--metric", "exit 4 # {model}", "--max-drop", "1"}), 1,
                 {"exit 4", "ended with 4"});
}

}  // namespace
}  // namespace rangefinder::cli
