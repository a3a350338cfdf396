// `rangefinder solve` as a user runs it.

#include "cli/fixture.h"

namespace rangefinder::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Solve : public ProgramTest {
 protected:
  Solve() {
    write_model();
    data_ = write_samples(5);
    succeed({"observe", path("model.onnx"), "--data", data_, "-o", path("all.rfs")});
  }

  Words command(const Words& more = {}) const {
    return joined(
        {"solve", path("model.onnx"), "--statistics", path("all.rfs"), "-o", path("int8.onnx")},
        more);
  }

  std::string data_;
};

TEST_F(Solve, GivesTheBytesThatQuantizeGives) {
  for (const Words& method : {Words{},
                              {"--method", "minmax"},
                              {"--effort", "fast"},
                              {"--method", "percentile", "--percentile", "0.99"},
                              {"--method", "kl", "--method-for", "x=minmax"}}) {
    succeed(command(method));
    const std::string solved = content("int8.onnx");
    succeed(
        joined({"quantize", path("model.onnx"), "--data", data_, "-o", path("int8.onnx")}, method));
    EXPECT_EQ(content("int8.onnx"), solved) << testing::PrintToString(method);
  }
}

TEST_F(Solve, SaysWhatItFoundWithoutRunningTheModel) {
  const std::string printed = succeed(command({"--summary", path("summary.json")}));
  EXPECT_THAT(printed, HasSubstr("2 of 2 Conv, Gemm and MatMul nodes run in integers"));
  EXPECT_THAT(printed, Not(HasSubstr("error on")));
  const Json summary = json_in("summary.json");
  EXPECT_EQ(summary["samples"], 4);
  EXPECT_THAT(summary["outputs"], IsEmpty());
  EXPECT_EQ(summary["seconds"]["observe"], 0);
  EXPECT_GT(summary["tensors"][0]["sqnr_db"].get<double>(), 20);
}

TEST_F(Solve, WrongUsageIsExitCode2) {
  expect_failure(command({"--method", "entropy"}), 2, {"'entropy'", "kl, ", "mse"});
  expect_failure(command({"--method-for", "kl"}), 2, {"'kl'", "NAME=METHOD"});
  expect_failure(command({"--method", "std", "--alpha", "0"}), 2, {"alpha"});
  expect_failure(command({"--target", "abacus"}), 2, {"'abacus'", "ort-cpu"});
  expect_failure(command({"--data", data_}), 2, {"--data"});
  expect_failure(command({"--effort", "thorough"}), 2, {"'thorough'", "samples", "fast, normal"});
  expect_failure({"solve", path("model.onnx"), "-o", path("int8.onnx")}, 2, {"--statistics"});
}

TEST_F(Solve, StatisticsThatDoNotFitAreNamed) {
  const auto refused = [&](const std::string& statistics, const Words& parts) {
    expect_failure(
        {"solve", path("model.onnx"), "--statistics", statistics, "-o", path("int8.onnx")}, 1,
        joined({statistics + ": "}, parts));
  };
  refused(path("none.rfs"), {"No such file"});
  refused(path("model.onnx"), {});
  const std::string whole = content("all.rfs");
  refused(write("cut.rfs", whole.substr(0, whole.size() - 9)), {"truncated"});
  std::string damaged = whole;
  damaged[damaged.size() / 2] ^= 1;
  refused(write("damaged.rfs", damaged), {"damaged"});
  const std::string other = write_model("other.onnx", 0.25f);
  expect_failure({"solve", other, "--statistics", path("all.rfs"), "-o", path("int8.onnx")}, 1,
                 {path("all.rfs") + ": ", "another model", other});
}

TEST_F(Solve, TensorsWithoutDataAreNamed) {
  succeed({"observe", path("model.onnx"), "--data", data_, "--samples", "1", "--shard", "1/2", "-o",
           path("all.rfs")});
  expect_failure(command(), 1, {path("model.onnx"), "no data", "'x'"});
}

TEST_F(Solve, FilesThatCannotBeWrittenAreNamedAndTheOthersNotWritten) {
  for (const char* option : {"-o", "--summary"}) {
    Words words = {"solve", path("model.onnx"), "--statistics", path("all.rfs"),
                   option,  path("none/file")};
    if (std::string(option) != "-o") words = joined(words, {"-o", path("int8.onnx")});
    expect_failure(words, 1, {path("none/file") + ": "});
  }
}

}  // namespace
}  // namespace rangefinder::cli
